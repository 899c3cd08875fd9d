"""The training loop: exact resumption, rolling checkpoints, and what it tells on the way."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import TrainingError
from modules.core.interruption import Interrupted, signals_heard
from modules.core.progress import PROGRESS_LOGGER
from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.registry import build_network, freeze_layers
from modules.settings import (
    CenterLossSettings,
    NetworkSettings,
    TrainingSettings,
    TransferSettings,
)
from modules.training.batches import BatchStream, batch_dataset
from modules.training.checkpoints import CHECKPOINT_FOLDER
from modules.training.loop import TrainingLoop, TrainingOutcome, forward_streams
from modules.training.objectives import CrossEntropy, Objective, Stream
from modules.training.optimizers import build_optimizer
from modules.transfer.composition import Composition
from modules.transfer.losses.center_loss_objective import CenterLossObjective
from modules.transfer.methods import MethodContext

NETWORK = NetworkSettings(image_size=8, dropout=0.5)
SETTINGS = TrainingSettings(
    precision="float32", checkpoint_every_steps=4, summary_every_steps=3, max_to_keep=2
)


def examples(count: int = 40) -> PreprocessedExamples:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    images = rng.normal(size=(count, 8, 8, 1)).astype(np.float32)
    images[np.arange(count), labels] += 3.0
    return PreprocessedExamples(images, labels, np.array([b"%08d" % i for i in range(count)]))


def make_network(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build_network(NETWORK, 3)


def with_center_loss() -> Composition:
    context = MethodContext(TransferSettings(), num_classes=3, feature_dim=1024, seed=0)
    center_loss = CenterLossObjective(CenterLossSettings(weight=0.01), 3, 1024)
    return Composition(context, CrossEntropy("source"), center_loss)


def train(
    directory: Path,
    steps: int,
    *,
    network: keras.Model | None = None,
    objective: Objective | None = None,
    data: PreprocessedExamples | None = None,
    settings: TrainingSettings = SETTINGS,
    total: int = 12,
) -> tuple[keras.Model, TrainingOutcome]:
    network = network or make_network()
    stream = BatchStream("source", data or examples(), 8, seed=0)
    loop = TrainingLoop(
        network,
        objective or CrossEntropy("source"),
        build_optimizer(1e-3, "cosine", total),
        settings,
        str(directory),
    )
    return network, loop.run(partial(batch_dataset, {"source": stream}), steps)


def assert_same_weights(one: keras.Model, other: keras.Model) -> None:
    for left, right in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy(), err_msg=left.path)


def scalars(directory: Path) -> dict[str, list[int]]:
    steps: dict[str, list[int]] = {}
    for file in sorted(directory.glob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                steps.setdefault(value.tag, []).append(event.step)
    return steps


def test_it_learns(tmp_path: Path) -> None:
    network, outcome = train(tmp_path, 40, total=40)
    logits = network(examples().images)["logits"]
    assert np.mean(np.argmax(logits, -1) == examples().labels) > 0.9
    assert outcome.losses["loss"] < 0.7
    assert (outcome.steps, outcome.resumed_at) == (40, 0)


@pytest.mark.parametrize("make_objective", [lambda: CrossEntropy("source"), with_center_loss])
def test_an_interrupted_training_ends_as_an_undisturbed_one(
    tmp_path: Path, make_objective: Callable[[], Objective]
) -> None:
    one, other = make_objective(), make_objective()
    undisturbed, _ = train(tmp_path / "whole", 12, objective=one)
    train(tmp_path / "parts", 7, objective=make_objective())
    # Other initial weights, to show that all come from the checkpoint.
    resumed, outcome = train(tmp_path / "parts", 12, network=make_network(seed=5), objective=other)
    assert outcome.resumed_at == 7
    assert_same_weights(undisturbed, resumed)
    for left, right in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_a_killed_training_resumes_from_its_latest_checkpoint(tmp_path: Path) -> None:
    stream = BatchStream("source", examples(), 8, seed=0)
    loop = TrainingLoop(
        make_network(),
        CrossEntropy("source"),
        build_optimizer(1e-3, "cosine", 12),
        SETTINGS,
        str(tmp_path),
    )
    with pytest.raises(tf.errors.OutOfRangeError):
        loop.run(lambda steps: batch_dataset({"source": stream}, steps).take(6), 12)
    resumed, outcome = train(tmp_path, 8, network=make_network(seed=5))
    assert outcome.resumed_at == 4
    assert_same_weights(train(tmp_path / "whole", 8)[0], resumed)


def test_a_training_that_is_asked_to_stop_saves_its_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rarely = SETTINGS.model_copy(update={"checkpoint_every_steps": 1000})
    summarise = TrainingLoop._summarise

    def press_ctrl_c(loop: TrainingLoop, losses: Mapping[str, float], step: int) -> None:
        summarise(loop, losses, step)
        if step == 6:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TrainingLoop, "_summarise", press_ctrl_c)
    saved = pytest.raises(Interrupted, match=r"^The training is saved at step 6 of 12\.$")
    with saved, signals_heard(lambda text: None):
        train(tmp_path / "parts", 12, settings=rarely)
    monkeypatch.undo()
    assert scalars(tmp_path / "parts")["loss"] == [3, 6]
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER), signals_heard(lambda text: None):
        resumed, outcome = train(tmp_path / "parts", 12, network=make_network(seed=5))
    assert outcome.resumed_at == 6
    assert "goes on from step 6 of 12" in caplog.messages
    assert_same_weights(train(tmp_path / "whole", 12)[0], resumed)


def test_a_request_to_stop_waits_for_no_more_than_a_second_of_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rarely = TrainingSettings(checkpoint_every_steps=1000, summary_every_steps=1000)
    looked = iter(range(1000))
    monkeypatch.setattr("modules.training.loop._SECONDS_BETWEEN_LOOKS", 1e-9)
    monkeypatch.setattr("modules.training.loop.stop_requested", lambda: next(looked) < 0)
    train(tmp_path, 12, settings=rarely)
    assert next(looked) == 12


def test_a_finished_training_is_not_trained_on(tmp_path: Path) -> None:
    finished, first = train(tmp_path, 12)
    again, outcome = train(tmp_path, 12, network=make_network(seed=5))
    assert (outcome.steps, outcome.resumed_at, outcome.losses) == (12, 12, first.losses)
    assert_same_weights(finished, again)


def test_two_trainings_with_the_same_seed_are_equal_bit_by_bit(tmp_path: Path) -> None:
    assert_same_weights(train(tmp_path / "one", 8)[0], train(tmp_path / "other", 8)[0])


def test_reporting_does_not_change_the_training(tmp_path: Path) -> None:
    rarely = TrainingSettings(checkpoint_every_steps=1000, summary_every_steps=1000)
    one, _ = train(tmp_path / "rarely", 12, settings=rarely)
    assert_same_weights(one, train(tmp_path / "often", 12)[0])


def test_only_the_latest_checkpoints_are_kept(tmp_path: Path) -> None:
    train(tmp_path, 11)
    kept = sorted(path.stem for path in (tmp_path / CHECKPOINT_FOLDER).glob("*.index"))
    assert kept == ["ckpt-11", "ckpt-8"]


def test_one_checkpoint_every_so_many_hours_is_kept_for_good(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"max_to_keep": 1, "keep_checkpoint_every_n_hours": 1e-9})
    train(tmp_path, 12, settings=settings)
    kept = sorted(path.stem for path in (tmp_path / CHECKPOINT_FOLDER).glob("*.index"))
    assert kept == ["ckpt-12", "ckpt-4", "ckpt-8"]


def test_tensorboard_gets_the_loss_its_parts_and_the_learning_rate(tmp_path: Path) -> None:
    train(tmp_path, 11, objective=with_center_loss())
    expected = [3, 6, 9, 11]
    assert scalars(tmp_path) == {
        "loss": expected,
        "loss/cross_entropy": expected,
        "loss/center_loss": expected,
        "learning_rate": expected,
    }


def test_scalars_are_on_disk_before_the_checkpoint_that_follows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = tf.train.CheckpointManager.save
    on_disk = []

    def look(manager: tf.train.CheckpointManager, **options: Any) -> str:
        on_disk.append(scalars(tmp_path)["loss"][-1])
        return str(save(manager, **options))

    monkeypatch.setattr(tf.train.CheckpointManager, "save", look)
    train(tmp_path, 12)
    assert on_disk == [3, 6, 12]


def test_the_parts_sum_to_the_loss(tmp_path: Path) -> None:
    _, outcome = train(tmp_path, 3, objective=with_center_loss())
    parts = outcome.losses["cross_entropy"] + outcome.losses["center_loss"]
    assert outcome.losses["loss"] == pytest.approx(parts, rel=1e-6)


def test_progress_is_reported_up_to_the_last_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        train(tmp_path, 12)
    reports: list[Any] = [record.msg for record in caplog.records if record.name == PROGRESS_LOGGER]
    assert (reports[-1].step, reports[-1].total) == (12, 12)
    assert set(reports[-1].metrics) == {"loss"}


def test_a_loss_that_is_not_finite_stops_the_training_without_a_checkpoint(
    tmp_path: Path,
) -> None:
    class Diverging(CrossEntropy):
        def losses(
            self, streams: Mapping[str, Stream], progress: tf.Tensor
        ) -> dict[str, tf.Tensor]:
            good = super().losses(streams, progress)
            return {**good, "other": tf.where(progress > 0, np.inf, 0.0)}

    with pytest.raises(TrainingError, match=r"not finite since training step 2.*learning rate"):
        train(tmp_path, 12, objective=Diverging("source"))
    assert not list((tmp_path / CHECKPOINT_FOLDER).glob("*.index"))


def test_frozen_layers_stay(tmp_path: Path) -> None:
    network = make_network()
    freeze_layers(network, ["conv1"])
    before = network.get_layer("conv1").kernel.numpy(), network.get_layer("conv2").kernel.numpy()
    train(tmp_path, 4, network=network)
    np.testing.assert_array_equal(before[0], network.get_layer("conv1").kernel.numpy())
    assert not np.array_equal(before[1], network.get_layer("conv2").kernel.numpy())


def test_a_network_that_is_frozen_whole_is_refused(tmp_path: Path) -> None:
    network = make_network()
    freeze_layers(network, ["conv1", "conv2", "features", "logits"])
    with pytest.raises(TrainingError, match="frozen_layers"):
        train(tmp_path, 4, network=network)


def test_streams_go_through_the_network_together_and_come_out_apart() -> None:
    network = make_network()
    data = examples(9)
    batch = {
        "target": {"image": data.images[:4], "row": np.arange(4), "label": data.known_labels[:4]},
        "source": {"image": data.images[4:], "row": np.arange(5)},
    }
    streams = forward_streams(network, batch, training=False)
    together = network(data.images, training=False)
    np.testing.assert_allclose(streams["target"].logits, together["logits"][:4], atol=1e-5)
    np.testing.assert_allclose(streams["source"].features, together["features"][4:], atol=1e-5)
    assert streams["source"].labels is None
    assert streams["target"].rows.tolist() == [0, 1, 2, 3]
