"""The proof of a warm start, on networks that are what they should be and on others."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from modules.core.errors import WarmStartMappingError
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.checkpointing import warm_start_network
from modules.models.mapping_report import MappingReport
from modules.networks.precision import onednn_is_held_below_bfloat16, precision_policy
from modules.networks.registry import build_network
from modules.transfer.proof import prove_warm_start
from tests.training_domain import NETWORK

PRECISIONS = [
    "float32",
    pytest.param(
        "mixed_bfloat16",
        marks=pytest.mark.skipif(onednn_is_held_below_bfloat16(), reason="ONEDNN_MAX_CPU_ISA"),
    ),
]


def restored(pretrained: Path, precision: str = "float32") -> tuple[keras.Model, MappingReport]:
    keras.utils.set_random_seed(9)
    with precision_policy(precision):
        network = build_network(NETWORK, 3)
    return network, warm_start_network(network, str(pretrained / "model" / "checkpoint"))


def examples(count: int = 30) -> PreprocessedExamples:
    images = np.random.default_rng(0).normal(size=(count, 12, 12, 1)).astype(np.float32)
    ids = np.array([b"%08d" % index for index in range(count)])
    return PreprocessedExamples(images, np.arange(count) % 3, ids)


def prove(
    network: keras.Model, report: MappingReport, pretrained: Path, precision: str = "float32"
) -> dict[str, float]:
    saved_model = str(pretrained / "model" / "Format-Serving")
    labelled = {"source": examples(), "target": examples(6)}
    return prove_warm_start(network, saved_model, report, precision, labelled)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_restored_weights_say_what_the_pretrained_model_says(
    pretrained: Path, precision: str
) -> None:
    metrics = prove(*restored(pretrained, precision), pretrained, precision)
    assert set(metrics) == {
        "restored_source_accuracy",
        "restored_target_accuracy",
        "restored_output_difference",
    }
    assert metrics["restored_output_difference"] < (1e-4 if precision == "float32" else 0.1)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_single_layer_of_other_weights_is_found_out(pretrained: Path, precision: str) -> None:
    network, report = restored(pretrained, precision)
    conv1 = network.get_layer("conv1").kernel
    conv1.assign(-conv1.numpy())
    with pytest.raises(WarmStartMappingError, match="outputs differ"):
        prove(network, report, pretrained, precision)


def test_weights_that_are_not_finite_are_found_out(pretrained: Path) -> None:
    network, report = restored(pretrained)
    network.get_layer("logits").bias.assign([np.nan] * 3)
    with pytest.raises(WarmStartMappingError, match="outputs differ"):
        prove(network, report, pretrained)


def test_with_an_announced_difference_there_is_nothing_to_compare(pretrained: Path) -> None:
    network, report = restored(pretrained)
    network.get_layer("logits").bias.assign([100.0, 0.0, 0.0])
    partly = replace(report, missing={"logits/bias": (3,)})
    metrics = prove(network, partly, pretrained)
    assert metrics["restored_source_accuracy"] == pytest.approx(1 / 3)
    assert "restored_output_difference" not in metrics


def test_a_pretrained_model_at_chance_is_pointed_out(
    pretrained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network, report = restored(pretrained)
    noise = replace(examples(300), labels=np.repeat([0, 1, 2], 100))
    saved_model = str(pretrained / "model" / "Format-Serving")
    constant = replace(noise, images=np.ones_like(noise.images))
    with caplog.at_level(logging.WARNING):
        prove_warm_start(network, saved_model, report, "float32", {"source": constant})
    assert "no better than chance" in caplog.text
