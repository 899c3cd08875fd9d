"""Early stopping: when it ends a training, and that interruptions change nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from modules.settings import EarlyStoppingSettings, TrainingSettings
from modules.training.batches import BatchStream, batch_dataset
from modules.training.early_stopping import EarlyStopping
from modules.training.loop import TrainingLoop, TrainingOutcome
from modules.training.objectives import CrossEntropy
from modules.training.optimizers import build_optimizer
from tests.modules.training.test_loop import assert_same_weights, examples, make_network

# Random labels are not learnt in a few steps at this rate: the loss soon ceases to fall.
STOPPING = EarlyStoppingSettings(min_delta=0.2, window=3, patience=2)
STEPS = 60


def train(
    directory: Path,
    *,
    stopping: EarlyStoppingSettings | None = STOPPING,
    batches: int = STEPS,
    period: int = 4,
) -> tuple[keras.Model, TrainingOutcome]:
    network = make_network()
    stream = BatchStream("source", examples(), 8, seed=0)
    loop = TrainingLoop(
        network,
        CrossEntropy("source"),
        build_optimizer(1e-3, "cosine", STEPS),
        TrainingSettings(
            precision="float32", checkpoint_every_steps=period, summary_every_steps=period
        ),
        str(directory),
        stopping=None if stopping is None else EarlyStopping(stopping),
    )
    make_batches = partial(batch_dataset, {"source": stream})
    return network, loop.run(lambda steps: make_batches(steps).take(batches), STEPS)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, TrainingOutcome]:
    return train(tmp_path_factory.mktemp("undisturbed"))


def stops_after(losses: Sequence[float], settings: EarlyStoppingSettings) -> int | None:
    """The rule in plain Python."""
    best, waited, window = float(np.finfo(np.float32).max), 0, settings.window
    for end in range(window, len(losses) + 1, window):
        mean = float(np.mean(losses[end - window : end]))
        if mean < best - settings.min_delta:
            best, waited = mean, 0
        else:
            waited += 1
        if waited == settings.patience:
            return end
    return None


# Multiples of a power of two: sums of them are exact.
@given(
    losses=st.lists(st.integers(-64, 64).map(lambda value: value / 16), max_size=40),
    window=st.sampled_from([1, 2, 4]),
    patience=st.integers(1, 3),
)
def test_it_stops_after_as_many_windows_without_improvement_as_it_has_patience(
    losses: list[float], window: int, patience: int
) -> None:
    settings = EarlyStoppingSettings(min_delta=0.125, window=window, patience=patience)
    stopping = EarlyStopping(settings)
    found = None
    for step, loss in enumerate(losses, start=1):
        stopping.after_step(tf.constant(loss))
        if bool(stopping.stopped):
            found = step
            break
    assert found == stops_after(losses, settings)


def test_a_training_whose_loss_has_ceased_to_fall_ends_there(
    undisturbed: tuple[keras.Model, TrainingOutcome],
) -> None:
    _, outcome = undisturbed
    assert 0 < outcome.steps < STEPS
    assert outcome.steps % STOPPING.window == 0
    assert outcome.stopped == "the mean loss of 3 steps fell by less than 0.2 within 6 steps"


def test_where_it_ends_does_not_depend_on_how_many_steps_run_at_once(
    undisturbed: tuple[keras.Model, TrainingOutcome], tmp_path: Path
) -> None:
    network, outcome = train(tmp_path, period=1)
    assert outcome.steps == undisturbed[1].steps
    assert_same_weights(network, undisturbed[0])


def test_a_killed_training_ends_where_an_undisturbed_one_does(
    undisturbed: tuple[keras.Model, TrainingOutcome], tmp_path: Path
) -> None:
    with pytest.raises(tf.errors.OutOfRangeError):
        train(tmp_path, batches=undisturbed[1].steps - 1)
    network, outcome = train(tmp_path)
    assert 0 < outcome.resumed_at < outcome.steps == undisturbed[1].steps
    assert_same_weights(network, undisturbed[0])


def test_a_training_that_has_ended_early_is_not_taken_up_again(tmp_path: Path) -> None:
    one, first = train(tmp_path)
    other, second = train(tmp_path)
    assert (second.resumed_at, second.steps) == (first.steps, first.steps)
    assert second.stopped == first.stopped
    assert second.losses == first.losses
    assert_same_weights(one, other)


def test_a_loss_that_goes_on_falling_changes_nothing(tmp_path: Path) -> None:
    patient = EarlyStoppingSettings(window=1, patience=STEPS + 1)
    watched, outcome = train(tmp_path / "watched", stopping=patient)
    assert (outcome.steps, outcome.stopped) == (STEPS, "")
    assert_same_weights(watched, train(tmp_path / "not_watched", stopping=None)[0])
