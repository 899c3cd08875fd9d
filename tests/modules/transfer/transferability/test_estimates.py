"""The estimates of a real pretrained model, and the file that keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.artifact import saved_model_dir
from modules.networks.outputs import NetworkOutputs
from modules.transfer.transferability.estimates import (
    Estimate,
    estimate_from_outputs,
    estimate_transferability,
    parse_transferability,
    write_transferability,
)

LABELS = np.arange(30) % 3


def outputs(clarity: float) -> NetworkOutputs:
    rng = np.random.default_rng(0)
    features = clarity * np.eye(8)[LABELS] + rng.normal(size=(30, 8))
    return NetworkOutputs(features.astype(np.float32), features[:, :3].astype(np.float32))


def examples(count: int, brightness: float, labelled: bool = True) -> PreprocessedExamples:
    rng = np.random.default_rng(1)
    images = brightness * rng.random((count, 12, 12, 1)).astype(np.float32)
    ids = np.array([f"{row:08d}".encode() for row in range(count)])
    return PreprocessedExamples(images, np.arange(count) % 3 if labelled else None, ids)


def value_of(estimates: dict[str, Estimate], name: str) -> float:
    value = estimates[name].value
    assert value is not None
    return value


def test_clearer_classes_are_rated_higher_by_each() -> None:
    vague, clear = (estimate_from_outputs(outputs(clarity), LABELS) for clarity in (0.5, 5.0))
    for name in ("leep", "log_me", "h_score"):
        assert value_of(clear, name) > value_of(vague, name)


def test_one_shot_has_no_spread_within_a_class_to_measure() -> None:
    three = NetworkOutputs(*(part[:3] for part in outputs(1.0)))
    estimates = estimate_from_outputs(three, LABELS[:3])
    assert estimates["h_score"] == Estimate(None, "It takes two labelled images of a class.")
    assert estimates["leep"].value is not None


def test_without_labels_only_the_domains_are_compared(pretrained: Path) -> None:
    model = saved_model_dir(str(pretrained / "model"))
    source, target = examples(40, 1.0), examples(40, 0.1, labelled=False)
    estimates = estimate_transferability(model, source, target, None, seed=0)
    for name in ("leep", "log_me", "h_score"):
        assert estimates[name].value is None
        assert "target.shots is 0" in str(estimates[name].why_not)
    assert estimates["proxy_a_distance"].value == pytest.approx(2.0, abs=0.3)
    few = estimate_transferability(model, source, examples(4, 0.1), examples(6, 0.1), seed=0)
    assert few["proxy_a_distance"].value is None
    assert few["log_me"].value is not None


def test_the_labels_of_neither_whole_domain_are_read(pretrained: Path) -> None:
    model = saved_model_dir(str(pretrained / "model"))
    shots, unlabelled = examples(6, 0.5), examples(40, 0.5, labelled=False)
    estimate_transferability(model, unlabelled, unlabelled, shots, seed=0)


def test_the_file_keeps_what_was_estimated(tmp_path: Path) -> None:
    estimates = {"leep": Estimate(-0.25), "h_score": Estimate(None, "no labels")}
    write_transferability(estimates, str(tmp_path))
    content = json.loads((tmp_path / "transferability.json").read_text(encoding="utf-8"))
    assert content["leep"] == {"value": -0.25, "why_not": None}
    assert parse_transferability(content) == estimates
    assert [path.name for path in tmp_path.iterdir()] == ["transferability.json"]
