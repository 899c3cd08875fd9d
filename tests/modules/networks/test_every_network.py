"""What holds for every network: pretrain, warm-start, freeze, restore the graph, serve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from modules import pretraining
from modules.models.checkpointing import read_checkpoint_variables
from modules.settings import CenterLossSettings, NetworkSettings
from modules.settings.network import KERAS_APPLICATION
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
        head_width: D.
    """

    settings: NetworkSettings
    block: str
    first: str
    head_width: int


def network(name: str, model: str | None = None) -> NetworkSettings:
    return NetworkSettings(name=name, model=model, image_size=SIZE, channels=3)


CASES = {
    "lenet": Case(network("lenet"), "conv1", "conv1/kernel", 1024),
    "resnet": Case(network("resnet"), "stage1", "stage1_block1_1_norm/gamma", 128),
    "MobileNetV3Small": Case(
        network(KERAS_APPLICATION, "MobileNetV3Small"),
        "expanded_conv",
        "expanded_conv_depthwise/kernel",
        576,
    ),
}
every_network = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def colour_domains(tmp_path_factory: pytest.TempPathFactory) -> TinyDomains:
    return write_tiny_domains(tmp_path_factory.mktemp("colour"), network("lenet"), PLAIN)


@pytest.fixture(scope="module")
def pretrained(
    colour_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A pretrained Model artifact of each network."""
    return {name: pretrain(colour_domains, tmp_path_factory.mktemp(name), name) for name in CASES}


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


@every_network
@pytest.mark.parametrize("restore", ["rebuild", "graph"])
def test_it_is_restored_exactly_and_trains_all_but_the_frozen_block(
    name: str,
    restore: str,
    colour_domains: TinyDomains,
    pretrained: dict[str, Path],
    tmp_path: Path,
) -> None:
    case = CASES[name]
    output = warm_start(
        colour_domains,
        pretrained[name],
        tmp_path,
        name,
        restore=restore,
        frozen_layers=(case.block,),
    )
    metrics = TrainingRecord.read(str(output / "model_run")).metrics
    assert metrics["restored_output_difference"] < 1e-4
    assert metrics["center_loss"] > 0
    before, after = (
        read_checkpoint_variables(str(model / "checkpoint"))
        for model in (pretrained[name], output / "model")
    )
    assert before.keys() == after.keys()
    changed = {weight for weight in before if not np.array_equal(before[weight], after[weight])}
    frozen = {
        weight for weight in before if weight.startswith((f"{case.block}/", f"{case.block}_"))
    }
    assert case.first in frozen
    assert not changed & frozen
    assert {"logits/kernel", "logits/bias"} < changed
    # Statistics belong to the data that they were computed from.
    statistics = {weight for weight in before if "/moving_" in weight}
    assert not changed & statistics
    assert bool(statistics) == (name == "MobileNetV3Small")
