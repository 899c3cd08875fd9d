"""Cells trained and judged for real, on tiny domains."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modules.core.errors import ConfigError, DataError
from modules.core.example_features import CLASSES_FILE
from modules.examples.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.models.artifact import saved_model_dir
from modules.networks.outputs import network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.study.cell_runner import CellRunner, StudyInputs
from modules.study.cells import Cell
from modules.transfer.warm_start import run_warm_start
from tests.training_domain import TRANSFER_PLAN, TinyDomains, warm_start_job


@pytest.fixture(scope="module")
def inputs(tiny_domains: TinyDomains, pretrained: Path) -> StudyInputs:
    return StudyInputs(
        plan=TRANSFER_PLAN.model_copy(update={"seed": 3}),
        target_examples=str(tiny_domains.target),
        source_examples=str(tiny_domains.source),
        transform_graph=str(tiny_domains.transform_graph),
        base_model=str(pretrained / "model"),
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
    tiny_domains: TinyDomains,
    pretrained: Path,
    inputs: StudyInputs,
    runner: CellRunner,
    tmp_path: Path,
) -> None:
    cell = Cell(1, 2, "joint")
    run_warm_start(
        warm_start_job(tiny_domains, pretrained / "model", tmp_path, inputs.plan_of(cell))
    )
    network = RestoredGraph(saved_model_dir(str(tmp_path / "model")))
    assert runner.run(cell).accuracy == eval_accuracy(inputs, network)


@pytest.mark.parametrize("method", ["scratch", "information_maximization"])
def test_a_cell_repeats_whatever_ran_before_it(runner: CellRunner, method: str) -> None:
    first = runner.run(Cell(0, 2, method))
    runner.run(Cell(1, 1, "scratch"))
    again = runner.run(Cell(0, 2, method))
    assert (first.cell, first.correct) == (again.cell, again.correct)


def test_a_probe_fits_the_pretrained_features(runner: CellRunner) -> None:
    assert runner.run(Cell(0, 8, "probe")).accuracy > 0.8


def test_auto_is_the_method_that_it_takes(runner: CellRunner) -> None:
    auto, named = (
        runner.run(Cell(0, 2, method)) for method in ("auto", "information_maximization")
    )
    assert auto.correct == named.correct


def test_a_method_that_needs_labels_is_refused_without(runner: CellRunner) -> None:
    with pytest.raises(ConfigError, match=r"joint.*target\.shots is 0"):
        runner.run(Cell(0, 0, "joint"))


def test_more_shots_than_there_are_examples_are_refused(runner: CellRunner) -> None:
    with pytest.raises(DataError, match="9 labelled examples"):
        runner.run(Cell(0, 9, "joint"))


@pytest.mark.parametrize(
    ("method", "shots", "message"),
    [
        ("coral", 1, "'coral' cannot do a target whose classes are not all among the source's"),
        ("zero_shot", 0, "'zero_shot' cannot do a target"),
        ("auto", 0, "the source does not have class c"),
    ],
)
def test_what_new_classes_do_not_allow_is_refused_before_any_training(
    inputs: StudyInputs, tmp_path: Path, method: str, shots: int, message: str
) -> None:
    for domain, names in {"source": ["a", "b"], "target": ["b", "c"]}.items():
        (tmp_path / domain).mkdir()
        (tmp_path / domain / CLASSES_FILE).write_text(json.dumps(names))
    other = replace(
        inputs,
        source_examples=str(tmp_path / "source"),
        target_examples=str(tmp_path / "target"),
    )
    with pytest.raises(ConfigError, match=message):
        other.refuse(Cell(0, shots, method))
    for allowed in ("auto", "joint", "scratch", "probe"):
        other.refuse(Cell(0, 1, allowed))


def test_settings_code_and_data_are_what_makes_a_study(inputs: StudyInputs) -> None:
    plan = inputs.plan
    other_method = plan.transfer.model_copy(update={"method": "coral"})
    longer = plan.transfer.model_copy(update={"steps": 13})

    def changed(**update: object) -> StudyInputs:
        return replace(inputs, plan=plan.model_copy(update=update))

    assert changed(transfer=other_method, shots=5).identity() == inputs.identity()
    others = [
        changed(transfer=longer),
        changed(seed=4),
        changed(source_fingerprint="edited"),
        replace(inputs, target_examples=inputs.transform_graph),
    ]
    assert len({study.identity() for study in (inputs, *others)}) == 5
