"""The estimates of a real pretrained model, and the file that keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.artifact import saved_model_dir
from modules.networks.outputs import NetworkOutputs, network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.transfer.transferability.estimates import (
    Estimate,
    estimate_from_outputs,
    estimate_transferability,
    labelled_outputs,
    parse_transferability,
    write_transferability,
)

LABELS = np.arange(30) % 3


def outputs(clarity: float) -> NetworkOutputs:
    rng = np.random.default_rng(0)
    features = clarity * np.eye(8)[LABELS] + rng.normal(size=(30, 8))
    return NetworkOutputs(features.astype(np.float32), features[:, :3].astype(np.float32))


def examples(count: int) -> PreprocessedExamples:
    images = np.random.default_rng(1).random((count, 12, 12, 1)).astype(np.float32)
    ids = np.array([f"{row:08d}".encode() for row in range(count)])
    return PreprocessedExamples(images, np.arange(count) % 3, ids)


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
    assert estimates["h_score"] == Estimate(None, "This needs two labelled images of a class.")
    assert estimates["leep"].value is not None


def test_without_labels_each_says_why_there_is_none(pretrained: Path) -> None:
    model = saved_model_dir(str(pretrained / "model"))
    estimates = estimate_transferability(labelled_outputs(model, None, seed=0))
    assert set(estimates) == {"leep", "log_me", "h_score"}
    for estimate in estimates.values():
        assert estimate.value is None
        assert "target.shots is 0" in str(estimate.why_not)


def test_a_pretrained_model_is_rated_by_its_outputs_for_the_shots(pretrained: Path) -> None:
    model, shots = saved_model_dir(str(pretrained / "model")), examples(6)
    outputs = network_outputs(RestoredGraph(model), shots.images)
    expected = estimate_from_outputs(outputs, shots.known_labels)
    assert estimate_transferability(labelled_outputs(model, shots, seed=0)) == expected
    assert all(estimate.value is not None for estimate in expected.values())


def test_the_file_keeps_what_was_estimated(tmp_path: Path) -> None:
    estimates = {"leep": Estimate(-0.25), "h_score": Estimate(None, "no labels")}
    write_transferability(estimates, str(tmp_path))
    content = json.loads((tmp_path / "transferability.json").read_text(encoding="utf-8"))
    assert content["leep"] == {"value": -0.25, "why_not": None}
    assert parse_transferability(content) == estimates
    assert [path.name for path in tmp_path.iterdir()] == ["transferability.json"]
