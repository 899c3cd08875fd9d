"""DomainValidator without a source: the target is held against what the model records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.types import standard_artifacts

from tests.components.validated_domain import GOOD, NAMES, Domain


def with_model(domain: Domain, names: list[str], counts: list[int] | None = None) -> Domain:
    checkpoint = domain.folder / "model" / "checkpoint"
    checkpoint.mkdir(parents=True)
    facts: dict[str, Any] = {"fingerprint": "f", "class_names": names}
    if counts is not None:
        facts["train_counts"] = counts
    (checkpoint / "network.json").write_text(json.dumps(facts))
    model = standard_artifacts.Model()
    model.uri = str(checkpoint.parent)
    domain.inputs["base_model"] = [model]
    return domain


def test_class_shares_are_compared_with_those_that_the_model_recorded(tmp_path: Path) -> None:
    report = with_model(Domain(tmp_path, GOOD), NAMES, [70, 10, 10, 10]).validate()
    assert report["valid"]
    assert report["label_skew"]["train"]["l_infinity"] == pytest.approx(0.45)
    assert report["covariate_shift"] is None
    assert any("those that the model recorded" in note for note in report["notes"])


def test_more_skew_than_allowed_stops_the_run(tmp_path: Path) -> None:
    domain = with_model(Domain(tmp_path, GOOD), NAMES, [70, 10, 10, 10])
    assert "a label skew against the source of at most 0.2" in domain.rejection(max_label_skew=0.2)


def test_a_model_without_a_record_leaves_nothing_to_compare_and_says_so(tmp_path: Path) -> None:
    report = with_model(Domain(tmp_path, GOOD), NAMES).validate(max_label_skew=0.01)
    assert report["label_skew"] == {}
    assert any("nothing was compared" in note for note in report["notes"])


def test_classes_are_mapped_to_those_of_the_model(tmp_path: Path) -> None:
    domain = with_model(Domain(tmp_path, GOOD), ["zero", "one", "two", "five"])
    domain.class_map = {"3": "threee"}
    assert "names of the source's classes" in domain.rejection()
