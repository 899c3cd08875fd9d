"""The training benchmarks compare like with like, and say what they measured."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import batch_supply, center_loss, loop_speed, step_profile, training_step
from benchmarks.limit import matrix_product
from benchmarks.limit.training_work import training_flops
from benchmarks.random_digits import random_digits
from modules.training.loop import MakeBatches
from modules.training.objectives import SOURCE, CrossEntropy, Objective
from modules.transfer.composition import Composition
from modules.transfer.losses.center_loss_objective import CenterLossObjective


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (loop_speed, training_step, batch_supply, center_loss, step_profile):
        monkeypatch.setattr(module, "STEPS", 2)


class Speeds:
    """Answers for `loop_speed` with 100, 200, ... examples a second, and keeps what was trained."""

    def __init__(self) -> None:
        self.trained: list[tuple[str, Objective, MakeBatches]] = []

    def __call__(self, precision: str, objective: Objective, make_batches: MakeBatches) -> float:
        self.trained.append((precision, objective, make_batches))
        return 100.0 * len(self.trained)


def test_loop_and_fit_train_the_same_number_of_steps_on_the_same_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples = random_digits(training_step.STEPS * training_step.BATCH)
    drawn: list[int] = []
    batches = loop_speed.source_batches(examples)

    def counted(steps: range) -> tf.data.Dataset:
        drawn.extend(row for batch in batches(steps) for row in batch["source"]["row"].numpy())
        return batches(steps)

    loop_speed.loop_speed("float32", CrossEntropy(SOURCE), counted)
    fitted: list[int] = []
    fit = keras.Model.fit

    def counted_fit(model: keras.Model, images: np.ndarray, *arguments: Any, **options: Any) -> Any:
        started = int(model.optimizer.iterations)
        done = fit(model, images, *arguments, **options)
        fitted.append(int(model.optimizer.iterations) - started)
        return done

    monkeypatch.setattr(keras.Model, "fit", counted_fit)
    training_step.fit_speed("float32", examples)
    assert sorted(drawn) == list(range(len(examples)))
    assert fitted == [1, training_step.STEPS]  # a warm-up first
    assert len(drawn) == fitted[1] * training_step.BATCH


def test_fit_speed_is_images_over_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: None)
    clock = iter([10.0, 14.0])
    monkeypatch.setattr(training_step.time, "perf_counter", lambda: next(clock))
    assert training_step.fit_speed("float32", random_digits(200)) == 200 / 4


def test_the_training_step_figures_are_ratios_of_loop_to_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loops = Speeds()
    monkeypatch.setattr(training_step, "loop_speed", loops)
    monkeypatch.setattr(training_step, "fit_speed", lambda precision, examples: 50.0)
    monkeypatch.setattr(training_step, "choose_precision", lambda asked: "mixed_bfloat16")
    asked: list[str] = []

    def matrix_product_speed(dtype: str) -> float:
        asked.append(dtype)
        return 1e11 if len(asked) <= 2 else 0.5e11  # something else ran beside the second repeat

    monkeypatch.setattr(training_step, "matrix_product_speed", matrix_product_speed)
    figures = {figure.name: figure.values for figure in training_step.measure(2)}
    assert [precision for precision, *_ in loops.trained] == ["float32", "mixed_bfloat16"] * 2
    assert figures["loop / fit, both float32"] == [2.0, 6.0]
    assert figures["loop in mixed_bfloat16 (default here) / fit in float32"] == [4.0, 8.0]
    assert asked == ["float32", "bfloat16"] * 2
    work = training_flops(loop_speed.lenet("float32"))
    shares = "training loop's FLOP/s / matrix product's"
    assert figures[f"{shares}, float32"] == [100 * work / 1e11, 300 * work / 1e11]
    assert figures[f"{shares}, mixed_bfloat16"] == [200 * work / 1e11, 400 * work / 1e11]
    assert figures["bfloat16 matrix product, 2048 x 2048"] == [100.0, 50.0]


def test_lenet_s_training_work_is_counted_without_the_images_gradient() -> None:
    first, second = 25 * 32 * 28**2, 25 * 32 * 64 * 14**2
    dense, logits = 7 * 7 * 64 * 1024, 1024 * 10
    expected = 2 * (2 * first + 3 * (second + dense + logits))
    for precision in ("float32", "mixed_bfloat16"):
        assert training_flops(loop_speed.lenet(precision)) == expected


def test_the_matrix_product_s_speed_is_that_of_the_fastest_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matrix_product, "SIDE", 8)
    clock = iter([0.0, 3.0, 10.0, 12.0, 20.0, 24.0, 30.0, 33.0, 40.0, 45.0])
    monkeypatch.setattr(matrix_product.time, "perf_counter", lambda: next(clock))
    assert matrix_product.matrix_product_speed("bfloat16") == 2 * 8**3 / 2


def test_the_batch_supply_figures_are_ratios_to_the_batch_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_supply, "loop_speed", Speeds())
    plain, augmented = batch_supply.measure(2)
    assert plain.values == [200 / 100, 500 / 400]
    assert augmented.values == [300 / 100, 600 / 400]


def test_center_loss_is_compared_with_the_same_training_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speeds = Speeds()
    monkeypatch.setattr(center_loss, "loop_speed", speeds)
    cross_entropy, joint = center_loss.measure(1)
    assert (cross_entropy.values, joint.values) == ([100 / 200], [300 / 400])
    for without, with_it in (speeds.trained[:2], speeds.trained[2:]):
        assert isinstance(with_it[1], Composition)
        assert type(with_it[1].parts[0]) is type(without[1])
        assert isinstance(with_it[1].parts[1], CenterLossObjective)
        assert without[2] is with_it[2]


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
    assert "ResourceApplyAdam" in milliseconds
