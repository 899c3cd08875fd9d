"""The training benchmarks train on both of their sides."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import batch_supply, center_loss, loop_speed, step_profile, training_step
from benchmarks.random_digits import random_digits


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (loop_speed, training_step, batch_supply, center_loss, step_profile):
        monkeypatch.setattr(module, "STEPS", 2)


@pytest.mark.parametrize("benchmark", [training_step, batch_supply, center_loss])
def test_every_figure_is_measured(benchmark: object) -> None:
    figures = benchmark.measure(1)  # type: ignore[attr-defined]
    assert figures
    assert all(figure.median > 0 for figure in figures)


def test_the_batch_in_memory_is_the_first_one_as_often_as_there_are_steps() -> None:
    batches = loop_speed.source_batches(random_digits(300))
    (first,) = batches(range(1))
    repeated = list(batch_supply.first_batch_only(batches)(range(3)))
    assert len(repeated) == 3
    for batch in repeated:
        np.testing.assert_array_equal(batch["source"]["row"], first["source"]["row"])


def test_the_profile_tells_the_step_s_convolutions_and_the_optimizer_from_the_rest() -> None:
    milliseconds = step_profile.profile_step("float32")
    assert list(milliseconds.values()) == sorted(milliseconds.values(), reverse=True)
    assert any("Conv2DBackpropFilter" in operation for operation in milliseconds)
    assert milliseconds["ResourceApplyAdam"] > 0
