"""What holds for every transfer method that trains."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.examples.input_pipeline import PreprocessedExamples
from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.methods import (
    TRANSFER_METHODS,
    create_transfer_method,
)
from tests.modules.transfer.tiny_transfer import context, domains, network, train

REPOSITORY = Path(__file__).parents[3]
METHODS = [name for name in TRANSFER_METHODS.names() if TRANSFER_METHODS.find(name).trains()]
WITHOUT_SHOTS = [
    name for name in METHODS if TARGET not in TRANSFER_METHODS.find(name).required_streams
]


def streams_of(name: str, shots: int) -> dict[str, PreprocessedExamples]:
    method = TRANSFER_METHODS.find(name)
    used = method.required_streams | method.optional_streams
    return {stream: data for stream, data in domains(shots).items() if stream in used}


def weights_after(
    name: str, directory: Path, shots: int = 1, killed_before: int | None = None
) -> list[np.ndarray]:
    method = create_transfer_method(name, context())
    model, outcome = train(method, streams_of(name, shots), directory, killed_before=killed_before)
    assert all(np.isfinite(list(outcome.losses.values())))
    return model.get_weights()


@pytest.mark.parametrize("name", METHODS)
def test_it_trains_and_a_killed_training_ends_with_the_same_weights(
    name: str, tmp_path: Path
) -> None:
    undisturbed = weights_after(name, tmp_path / "whole")
    assert not np.array_equal(undisturbed[-1], network().get_weights()[-1])
    with pytest.raises(tf.errors.OutOfRangeError):
        weights_after(name, tmp_path / "killed", killed_before=3)
    for left, right in zip(undisturbed, weights_after(name, tmp_path / "killed"), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", WITHOUT_SHOTS)
def test_a_method_that_does_not_require_shots_does_without(name: str, tmp_path: Path) -> None:
    assert set(streams_of(name, shots=0)) == {SOURCE, UNLABELLED}
    without = weights_after(name, tmp_path, shots=0)
    assert not np.array_equal(without[-1], network().get_weights()[-1])


def test_the_methods_for_unlabelled_targets_need_no_shots() -> None:
    assert WITHOUT_SHOTS == [
        "coral",
        "dann",
        "information_maximization",
        "instance_weighting",
        "mmd",
        "pseudo_labels",
    ]


def test_the_replicas_losses_and_gradients_sum_to_their_shards_mean() -> None:
    """In a process of its own: TensorFlow divides the CPU only before its first use."""
    script = "tests.modules.transfer.methods_on_replicas"
    result = subprocess.run(
        [sys.executable, "-m", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"{len(METHODS)} methods agree"
