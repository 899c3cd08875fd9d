"""The pipeline's Beam components give the same results on two workers as in one process.

The engine is Beam's own portable job service. Flink and Spark speak the same protocol.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from modules.core.errors import DataError
from modules.examples.input_pipeline import ImagePreprocessor
from pipelines.beam.options import beam_pipeline_args
from pipelines.beam.settings import BeamSettings
from pipelines.config import Config, load_config
from tests.distributed.conftest import WORKERS
from tests.distributed.data_run import (
    SPLITS,
    DataRun,
    run_data_components,
    run_evaluator,
    write_domain,
    write_models,
)

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Comparison:
    """Both runs: of the data components, and the evaluator's folder.

    Attributes:
        config: Of the local run.
        models: The arms' models, by name.
    """

    config: Config
    models: dict[str, Path]
    here: DataRun
    there: DataRun
    evaluated_here: Path
    evaluated_there: Path


@pytest.fixture(scope="module")
def compared(engine: BeamSettings, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("compared")
    domain = write_domain(folder / "domain")
    config = load_config(
        "configs/mnist_to_optdigits.yaml", [f"source.path={domain}", "source.format=tfrecord"]
    )
    elsewhere = config.model_copy(update={"beam": engine})
    started = time.monotonic()
    here = run_data_components(config, folder / "here")
    models = write_models(config, here, folder / "models")
    evaluated_here = run_evaluator(config, here, models, folder / "evaluated_here")
    local = time.monotonic() - started
    there = run_data_components(elsewhere, folder / "there")
    evaluated_there = run_evaluator(elsewhere, there, models, folder / "evaluated_there")
    print(f"\nlocal {local:.0f} s, {engine.runner} {time.monotonic() - started - local:.0f} s")
    return Comparison(config, models, here, there, evaluated_here, evaluated_there)


@pytest.mark.parametrize("split", SPLITS)
def test_examples_are_the_same(compared: Comparison, split: str) -> None:
    records = compared.here.records(split)
    assert len(records) == SPLITS[split][0]
    assert compared.there.records(split) == records


@pytest.mark.parametrize("split", SPLITS)
def test_statistics_are_the_same(compared: Comparison, split: str) -> None:
    assert compared.there.split_statistics(split) == compared.here.split_statistics(split)


def test_transform_graphs_hold_the_same_constants(compared: Comparison) -> None:
    """But for the last bits of a float sum, which follow from the batches and are rounded away."""
    constants, others = (
        float_constants(run.transform_graph) for run in (compared.here, compared.there)
    )
    assert len(constants) == len(others) > 0
    for found, expected in zip(others, constants, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_transform_graphs_prepare_images_alike_to_the_bit(compared: Comparison) -> None:
    records = tf.constant(compared.here.records("eval"))
    prepared, others = (
        ImagePreprocessor(str(run.transform_graph))(records)
        for run in (compared.here, compared.there)
    )
    assert prepared.shape == (SPLITS["eval"][0], 28, 28, 1)
    np.testing.assert_array_equal(prepared, others)


@pytest.mark.parametrize("name", ["evaluation.json", "predictions.csv"])
def test_metrics_and_predictions_are_the_same(compared: Comparison, name: str) -> None:
    text = (compared.evaluated_here / name).read_text()
    assert (compared.evaluated_there / name).read_text() == text
    assert len(text) > 1000


def test_both_workers_are_processes_and_work(engine: BeamSettings, compared: Comparison) -> None:
    def process_of(_: int) -> Iterator[int]:
        yield os.getpid()

    found = Path(compared.evaluated_there.parent, "processes")
    with beam.Pipeline(argv=beam_pipeline_args(engine)) as pipeline:
        (
            pipeline
            | beam.Create(range(100))
            | beam.Reshuffle()
            | beam.FlatMap(process_of)
            | beam.io.WriteToText(str(found))
        )
    processes = {
        line for path in found.parent.glob("processes*") for line in path.read_text().split()
    }
    assert len(processes) == WORKERS
    assert str(os.getpid()) not in processes


def test_a_workers_error_arrives_as_what_it_is(engine: BeamSettings, tmp_path: Path) -> None:
    domain = write_domain(tmp_path / "domain")
    broken = domain / "train-2.tfrecord"
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken.write_bytes(content)
    config = load_config(
        "configs/mnist_to_optdigits.yaml", [f"source.path={domain}", "source.format=tfrecord"]
    ).model_copy(update={"beam": engine})
    with pytest.raises(DataError, match=re.escape(str(broken))):
        run_data_components(config, tmp_path / "run")


def float_constants(transform_graph: Path) -> list[np.ndarray]:
    """All float constants of a TransformGraph, the analysed mean and deviation among them."""
    content = (transform_graph / "transform_fn" / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return [
        tf.make_ndarray(node.attr["value"].tensor)
        for node in sorted(nodes, key=lambda node: node.name)
        if node.op == "Const" and node.attr["dtype"].type == tf.float32.as_datatype_enum
    ]
