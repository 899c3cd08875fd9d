"""Cells trained and judged for real, on tiny domains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modules.core.errors import ConfigError, DataError
from modules.examples.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.models.artifact import saved_model_dir
from modules.networks.outputs import network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.study.cell_runner import CellRunner, StudyInputs
from modules.study.cells import Cell
from modules.transfer.warm_start import WarmStart
from tests.training_domain import NETWORK, PREPROCESSING, TRAINING, TRANSFER, TinyDomains


@pytest.fixture(scope="module")
def inputs(tiny_domains: TinyDomains, pretrained: Path) -> StudyInputs:
    return StudyInputs(
        target_examples=str(tiny_domains.target),
        source_examples=str(tiny_domains.source),
        transform_graph=str(tiny_domains.transform_graph),
        base_model=str(pretrained / "model"),
        network=NETWORK,
        preprocessing=PREPROCESSING,
        training=TRAINING,
        transfer=TRANSFER,
        seed=3,
        source_fingerprint="test",
    )


@pytest.fixture(scope="module")
def runner(inputs: StudyInputs) -> CellRunner:
    return CellRunner(inputs)


def eval_accuracy(inputs: StudyInputs, network: Any) -> float:
    examples = preprocess_examples(
        index_examples([f"{inputs.target_examples}/Split-eval/*"]),
        ImagePreprocessor(inputs.transform_graph),
        memory_cache_mib=64,
    )
    logits = network_outputs(network, examples.images).logits
    return float(np.mean(np.argmax(logits, axis=-1) == examples.known_labels))


def test_zero_shot_is_the_pretrained_model(inputs: StudyInputs, runner: CellRunner) -> None:
    result = runner.run(Cell(0, 0, "zero_shot"))
    assert result.total == 15
    assert result.accuracy == eval_accuracy(
        inputs, RestoredGraph(saved_model_dir(inputs.base_model))
    )


def test_a_cell_is_the_pipelines_own_warm_start(
    inputs: StudyInputs, runner: CellRunner, tmp_path: Path
) -> None:
    job = WarmStart(
        target_examples=inputs.target_examples,
        source_examples=inputs.source_examples,
        transform_graph=inputs.transform_graph,
        base_model=inputs.base_model,
        network=NETWORK,
        preprocessing=PREPROCESSING,
        training=TRAINING,
        transfer=TRANSFER.model_copy(update={"method": "joint"}),
        shots=2,
        seed=inputs.seed + 1,
        source_fingerprint="test",
    )
    job.run(*(str(tmp_path / name) for name in ("model", "model_run", "mapping")))
    result = runner.run(Cell(1, 2, "joint"))
    network = RestoredGraph(saved_model_dir(str(tmp_path / "model")))
    assert result.accuracy == eval_accuracy(inputs, network)


@pytest.mark.parametrize("method", ["scratch", "information_maximization"])
def test_a_cell_repeats_whatever_ran_before_it(runner: CellRunner, method: str) -> None:
    first = runner.run(Cell(0, 2, method))
    runner.run(Cell(1, 1, "scratch"))
    again = runner.run(Cell(0, 2, method))
    assert (first.cell, first.correct) == (again.cell, again.correct)


def test_a_method_that_needs_labels_is_refused_without(runner: CellRunner) -> None:
    with pytest.raises(ConfigError, match=r"joint.*target\.shots is 0"):
        runner.run(Cell(0, 0, "joint"))


def test_more_shots_than_there_are_examples_are_refused(runner: CellRunner) -> None:
    with pytest.raises(DataError, match="9 labelled examples"):
        runner.run(Cell(0, 9, "joint"))


def test_settings_code_and_data_are_what_makes_a_study(inputs: StudyInputs) -> None:
    same = inputs.transfer.model_copy(update={"method": "coral"})
    assert replace(inputs, transfer=same).identity() == inputs.identity()
    longer = inputs.transfer.model_copy(update={"steps": 13})
    others = [
        replace(inputs, transfer=longer),
        replace(inputs, seed=4),
        replace(inputs, source_fingerprint="edited"),
        replace(inputs, target_examples=inputs.source_examples),
    ]
    assert len({study.identity() for study in (inputs, *others)}) == 5
