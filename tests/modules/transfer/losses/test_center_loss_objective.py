"""Center loss as a part of any method."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.outputs import network_outputs
from modules.networks.registry import build_network
from modules.settings import (
    CenterLossSettings,
    NetworkSettings,
    TrainingSettings,
    TransferSettings,
)
from modules.training.batches import BatchStream, batch_dataset
from modules.training.loop import TrainingLoop, TrainingOutcome
from modules.training.objectives import CrossEntropy, Objective, Preparation, Stream
from modules.training.optimizers import build_optimizer
from modules.transfer.composition import Composition
from modules.transfer.losses.center_loss_objective import CenterLossObjective
from modules.transfer.methods import MethodContext, create_transfer_method
from modules.transfer.methods.joint import Joint

CLASSES = 3
FEATURES = 1024


def examples(seed: int, count: int = 12) -> PreprocessedExamples:
    images = np.random.default_rng(seed).normal(size=(count, 8, 8, 1)).astype(np.float32)
    ids = np.array([b"%08d" % index for index in range(count)])
    return PreprocessedExamples(images, np.arange(count) % CLASSES, ids)


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_network(NetworkSettings(image_size=8), CLASSES)


def context(**center_loss: object) -> MethodContext:
    transfer = TransferSettings(center_loss=CenterLossSettings(**center_loss))  # type: ignore
    return MethodContext(transfer, CLASSES, FEATURES, seed=0)


def train(
    objective: Objective, directory: Path, data: dict[str, PreprocessedExamples] | None = None
) -> tuple[keras.Model, TrainingOutcome]:
    model = network()
    data = data or {"source": examples(1), "target": examples(2)}
    objective.prepare(Preparation(model, data, network))
    streams = {name: BatchStream(name, part, 6, seed=0) for name, part in data.items()}
    loop = TrainingLoop(
        model, objective, build_optimizer(1e-3, "constant", 5), TrainingSettings(), str(directory)
    )
    return model, loop.run(partial(batch_dataset, streams), 5)


def stream(features: list[list[float]], labels: list[int] | None) -> Stream:
    given = None if labels is None else tf.constant(labels, tf.int64)
    count = len(features)
    return Stream(None, given, tf.range(count), tf.constant(features), tf.zeros([count, CLASSES]))


def fine_tuning_prepared_on(labels: np.ndarray, **center_loss: object) -> CenterLossObjective:
    """Center loss whose one feature is an image's only pixel."""

    def pixel(images: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        del training
        return {"features": images[:, 0, 0], "logits": tf.zeros([tf.shape(images)[0], CLASSES])}

    images = np.ones([len(labels), 1, 1, 1], np.float32)
    data = {"target": PreprocessedExamples(images, labels, np.arange(len(labels)).astype("S"))}
    objective = CenterLossObjective(
        CenterLossSettings(**center_loss),  # type: ignore[arg-type]
        CLASSES,
        1,
    )
    objective.prepare(Preparation(pixel, data, lambda: pixel))  # type: ignore[arg-type, return-value]
    return objective


def centers(method: Objective) -> tf.Variable:
    assert isinstance(method, Composition)
    part = method.parts[-1]
    assert isinstance(part, CenterLossObjective)
    return part.center_loss.centers


def test_weight_0_is_bit_identical_to_no_center_loss(tmp_path: Path) -> None:
    off = create_transfer_method("joint", context(weight=0.0))
    (one, _), (other, _) = train(off, tmp_path / "off"), train(Joint(context()), tmp_path / "no")
    for left, right in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_a_weight_changes_the_training(tmp_path: Path) -> None:
    on = create_transfer_method("joint", context(weight=0.1))
    (one, _), (other, _) = train(on, tmp_path / "on"), train(Joint(context()), tmp_path / "no")
    assert not np.array_equal(one.get_layer("conv1").kernel, other.get_layer("conv1").kernel)


def test_the_centers_start_at_the_class_means_of_both_domains() -> None:
    method = create_transfer_method("joint", context())
    model = network()
    data = {
        "source": examples(1),
        "target": examples(2),
        "unlabelled": examples(3).without_labels(),
    }
    method.prepare(Preparation(model, data, network))
    images = np.concatenate([data["source"].images, data["target"].images])
    labels = np.tile(np.arange(12) % CLASSES, 2)
    features = network_outputs(model, images).features
    for label in range(CLASSES):
        np.testing.assert_allclose(
            centers(method)[label], features[labels == label].mean(axis=0), atol=1e-5
        )


def test_the_centers_may_start_at_zero_as_in_the_paper() -> None:
    method = create_transfer_method("joint", context(initial_centers="zeros"))
    method.prepare(Preparation(network(), {"source": examples(1), "target": examples(2)}, network))
    assert not np.any(centers(method))


def test_domains_share_the_centers_and_unlabelled_examples_have_none() -> None:
    paper = CenterLossSettings(weight=2.0, alpha=1.0, reduction="sum", initial_centers="zeros")
    objective = CenterLossObjective(paper, CLASSES, 1)
    streams = {
        "source": stream([[1.0]], [0]),
        "target": stream([[3.0]], [0]),
        "unlabelled": stream([[100.0]], None),
    }
    losses = objective.losses(streams, tf.constant(0.0))
    assert float(losses["center_loss"]) == pytest.approx(2.0 * 0.5 * (1 + 9), rel=1e-5)
    objective.after_step(streams)
    # One center for two examples of class 0: the sum of the differences over 1 + 2.
    assert objective.center_loss.centers.numpy().ravel() == pytest.approx([4 / 3, 0, 0], rel=1e-5)


@given(
    counts=st.lists(st.integers(0, 4), min_size=CLASSES, max_size=CLASSES).filter(any),
    fewest=st.integers(1, 5),
)
@settings(max_examples=25, deadline=None)
def test_centers_of_classes_with_few_examples_are_held(counts: list[int], fewest: int) -> None:
    labels = np.repeat(np.arange(CLASSES), counts)
    objective = fine_tuning_prepared_on(labels, min_examples_to_move=fewest)
    before = objective.center_loss.centers.numpy()
    objective.after_step({"target": stream([[9.0]] * len(labels), labels.tolist())})
    moved = objective.center_loss.centers.numpy() != before
    assert moved.ravel().tolist() == [count >= max(fewest, 1) for count in counts]
    held = sum(0 < count < fewest for count in counts)
    assert objective.facts() == {"held_centers": held}


def test_zeros_are_no_place_to_hold_a_center_at() -> None:
    objective = fine_tuning_prepared_on(np.arange(CLASSES), initial_centers="zeros")
    objective.after_step({"target": stream([[9.0]] * CLASSES, list(range(CLASSES)))})
    assert objective.center_loss.centers.numpy().all()
    assert objective.facts() == {"held_centers": 0}


def test_the_source_counts_for_the_centers_that_it_shares() -> None:
    method = create_transfer_method("joint", context())
    data = {"source": examples(1), "target": examples(2, count=CLASSES)}
    method.prepare(Preparation(network(), data, network))
    assert method.facts() == {"held_centers": 0}


def test_a_held_center_stays_at_the_restored_features_throughout(tmp_path: Path) -> None:
    method = create_transfer_method("center_loss", context())
    data = {"target": examples(2, count=CLASSES)}
    outcome = train(method, tmp_path, data)[1]
    assert outcome.facts == {"held_centers": CLASSES}
    np.testing.assert_allclose(
        centers(method),
        network_outputs(network(), data["target"].images).features,
        rtol=1e-5,
        atol=1e-5,
    )


def test_what_the_objective_does_is_kept() -> None:
    class Busy(CrossEntropy):
        updates = 0

        def extra_variables(self) -> list[tf.Variable]:
            return [extra]

        def scale_gradients(self, gradients: list, *_: object) -> list:  # type: ignore[override]
            return [2 * gradient for gradient in gradients]

        def after_step(self, streams: object) -> None:
            self.updates += 1

    extra = tf.Variable(1.0)
    busy = Busy("source")
    center_loss = CenterLossObjective(CenterLossSettings(), CLASSES, 1)
    objective = Composition(context(), busy, center_loss)
    objective.after_step({"source": stream([[1.0]], [0])})
    assert busy.updates == 1
    assert objective.extra_variables() == [extra]
    assert objective.scale_gradients([1.0], [extra], tf.constant(0.0)) == [2.0]  # type: ignore
