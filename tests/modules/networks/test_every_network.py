"""What holds for every network: it is restored, frozen in part, and trains by seed alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules import pretraining
from modules.models.checkpointing import read_checkpoint_variables
from modules.networks.precision import onednn_is_held_below_bfloat16, precision_policy
from modules.networks.registry import build_network
from modules.settings import CenterLossSettings, NetworkSettings
from modules.settings.network import KERAS_APPLICATION
from modules.training.optimizers import build_optimizer
from modules.training.record import TrainingRecord
from modules.transfer.warm_start import run_warm_start
from tests.training_domain import (
    PREPROCESSING,
    PRETRAINING_PLAN,
    TRANSFER_PLAN,
    TinyDomains,
    fn_args,
    warm_start_job,
    write_tiny_domains,
)

SIZE = 32
PLAIN = PREPROCESSING.model_copy(update={"standardize": False})


@dataclass(frozen=True)
class Case:
    """One network, and names in it.

    Attributes:
        block: Begins the names of a few layers near the images.
        first: The first of its weights.
        feature_dim: D.
    """

    settings: NetworkSettings
    block: str
    first: str
    feature_dim: int


def network(name: str, model: str | None = None) -> NetworkSettings:
    return NetworkSettings(name=name, model=model, image_size=SIZE, channels=3)


CASES = {
    "resnet": Case(network("resnet"), "stage1", "stage1_block1_1_norm/gamma", 128),
    "MobileNetV3Small": Case(
        network(KERAS_APPLICATION, "MobileNetV3Small"),
        "expanded_conv",
        "expanded_conv_depthwise/kernel",
        576,
    ),
}


@pytest.fixture(scope="module")
def colour_domains(tmp_path_factory: pytest.TempPathFactory) -> TinyDomains:
    return write_tiny_domains(tmp_path_factory.mktemp("colour"), network("lenet"), PLAIN)


def pretrain(domains: TinyDomains, output: Path, name: str) -> Path:
    plan = PRETRAINING_PLAN.model_copy(
        update={
            "network": CASES[name].settings,
            "preprocessing": PLAIN,
            "pretraining": PRETRAINING_PLAN.pretraining.model_copy(update={"steps": 5}),
        }
    )
    pretraining.run_fn(fn_args(domains.source, domains.transform_graph, output, plan))
    return output / "model"


def warm_start(
    domains: TinyDomains, base_model: Path, output: Path, name: str, **changes: object
) -> Path:
    transfer = TRANSFER_PLAN.transfer.model_copy(
        update={"steps": 3, "center_loss": CenterLossSettings(weight=0.1), **changes}
    )
    plan = TRANSFER_PLAN.model_copy(
        update={"network": CASES[name].settings, "preprocessing": PLAIN, "transfer": transfer}
    )
    run_warm_start(warm_start_job(domains, base_model, output, plan))
    return output


@pytest.mark.parametrize(
    ("name", "restores"),
    [
        ("resnet", ("rebuild", "graph")),
        # The rebuilt one: tests/e2e/networks/test_networks.py. LeNet: wherever no network is named.
        pytest.param("MobileNetV3Small", ("graph",), marks=pytest.mark.e2e),
    ],
)
def test_it_is_restored_exactly_and_trains_all_but_the_frozen_block(
    name: str, restores: tuple[str, ...], colour_domains: TinyDomains, tmp_path: Path
) -> None:
    case = CASES[name]
    base_model = pretrain(colour_domains, tmp_path / "pretrained", name)
    before = read_checkpoint_variables(str(base_model / "checkpoint"))
    assert len(before["logits/kernel"]) == case.feature_dim
    frozen = {weight for weight in before if weight.startswith(f"{case.block}_")}
    assert case.first in frozen
    statistics = {weight for weight in before if "/moving_" in weight}
    assert bool(statistics) == (name == "MobileNetV3Small")
    for restore in restores:
        output = tmp_path / restore
        changes = {"restore": restore, "frozen_layers": (case.block,)}
        warm_start(colour_domains, base_model, output, name, **changes)
        metrics = TrainingRecord.read(str(output / "model_run")).metrics
        assert metrics["restored_output_difference"] < 1e-4
        assert metrics["center_loss"] > 0
        after = read_checkpoint_variables(str(output / "model" / "checkpoint"))
        assert before.keys() == after.keys()
        changed = {name for name in before if not np.array_equal(before[name], after[name])}
        assert {"logits/kernel", "logits/bias"} < changed
        assert not changed & frozen
        # Statistics belong to the data that they were computed from.
        assert not changed & statistics


@pytest.mark.skipif(onednn_is_held_below_bfloat16(), reason="ONEDNN_MAX_CPU_ISA")
@pytest.mark.parametrize("name", ["resnet", "MobileNetV3Small"])
def test_in_mixed_precision_it_answers_nearly_as_in_float32(name: str) -> None:
    keras.utils.set_random_seed(0)
    with precision_policy("mixed_bfloat16"):
        built = build_network(CASES[name].settings, 3)
    images = np.random.default_rng(0).random((8, SIZE, SIZE, 3)).astype(np.float32)
    built(images, training=True)  # moves statistics, where there are some
    mixed, exact = built(images)["logits"], built.to_float32()(images)["logits"]
    assert {weight.dtype for weight in built.weights} == {"float32"}
    # What the proof of a warm start allows.
    assert np.max(np.abs(mixed - exact)) < 0.1 * np.max(np.abs(exact))


@pytest.mark.parametrize(
    "name", ["resnet", pytest.param("MobileNetV3Small", marks=pytest.mark.e2e)]
)
def test_the_same_seed_trains_the_same_weights(name: str) -> None:
    def trained() -> dict[str, np.ndarray]:
        keras.utils.set_random_seed(0)
        built = build_network(CASES[name].settings, 3)
        optimizer = build_optimizer(1e-3, "constant", 2)
        optimizer.build(built.trainable_variables)
        images = tf.random.stateless_uniform([6, SIZE, SIZE, 3], (0, 0))

        @tf.function(autograph=False)
        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(built(images, training=True)["logits"] ** 2)
            gradients = tape.gradient(loss, built.trainable_variables)
            optimizer.apply_gradients(zip(gradients, built.trainable_variables, strict=True))

        step()
        step()
        return {name: value.numpy() for name, value in built.named_variables.items()}

    first, again = trained(), trained()
    assert first.keys() == again.keys()
    for weight, value in first.items():
        np.testing.assert_array_equal(value, again[weight], err_msg=weight)
