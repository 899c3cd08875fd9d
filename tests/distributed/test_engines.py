"""The pipeline's Beam components give the same results on engines as in one process.

The engines are the project's job service, with a worker on each of two other hosts, and Prism.
Flink and Spark speak the same protocol.
"""

from __future__ import annotations

import argparse
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
from apache_beam.options.pipeline_options import PortableOptions
from tensorflow.core.protobuf import saved_model_pb2

from modules.core.errors import DataError
from modules.examples.input_pipeline import ImagePreprocessor
from pipelines.beam.engine_check import run_job
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
class Run:
    """What the data components and the evaluator wrote on one engine."""

    data: DataRun
    evaluation: Path


@dataclass(frozen=True)
class Comparison:
    """The same work in one process and on an engine."""

    here: Run
    there: Run


@dataclass(frozen=True)
class Work:
    """What all engines are given: a configuration with its data, and three models to evaluate."""

    config: Config
    models: dict[str, Path]
    here: Run
    folder: Path


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("compared")
    config = config_of(write_domain(folder / "domain"))
    started = time.monotonic()
    data = run_data_components(config, folder / "here")
    print(f"\nin this process: data components {time.monotonic() - started:.0f} s")
    models = write_models(config, data, folder / "models")
    here = Run(data, run_evaluator(config, data, models, folder / "evaluated_here"))
    return Work(config, models, here, folder)


@pytest.fixture(scope="module", params=["engine", "prism"])
def compared(request: pytest.FixtureRequest, work: Work) -> Comparison:
    engine = request.getfixturevalue(request.param)
    config = work.config.model_copy(update={"beam": engine})
    started = time.monotonic()
    there = run_data_components(config, work.folder / request.param)
    print(f"\n{request.param}: data components {time.monotonic() - started:.0f} s")
    evaluated = run_evaluator(config, there, work.models, work.folder / f"{request.param}_eval")
    return Comparison(work.here, Run(there, evaluated))


@pytest.mark.parametrize("split", SPLITS)
def test_examples_are_the_same(compared: Comparison, split: str) -> None:
    records = compared.here.data.records(split)
    assert len(records) == SPLITS[split][0]
    assert compared.there.data.records(split) == records


@pytest.mark.parametrize("split", SPLITS)
def test_statistics_are_the_same(compared: Comparison, split: str) -> None:
    here, there = compared.here.data, compared.there.data
    assert there.split_statistics(split) == here.split_statistics(split)


def test_transform_graphs_hold_the_same_constants(compared: Comparison) -> None:
    """But for the last bits of a float sum, which follow from the batches and are rounded away."""
    constants, others = (
        float_constants(run.data.transform_graph) for run in (compared.here, compared.there)
    )
    assert len(constants) == len(others) > 0
    for found, expected in zip(others, constants, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_transform_graphs_prepare_images_alike_to_the_bit(compared: Comparison) -> None:
    records = tf.constant(compared.here.data.records("eval"))
    prepared, others = (
        ImagePreprocessor(str(run.data.transform_graph))(records)
        for run in (compared.here, compared.there)
    )
    assert prepared.shape == (SPLITS["eval"][0], 28, 28, 1)
    np.testing.assert_array_equal(prepared, others)


@pytest.mark.parametrize("name", ["evaluation.json", "predictions.csv"])
def test_metrics_and_predictions_are_the_same(compared: Comparison, name: str) -> None:
    text = (compared.here.evaluation / name).read_text()
    assert (compared.there.evaluation / name).read_text() == text
    assert len(text) > 1000


def test_both_workers_are_processes_and_work(engine: BeamSettings, tmp_path: Path) -> None:
    def process_of(_: int) -> Iterator[int]:
        yield os.getpid()

    run_job(
        engine,
        lambda pipeline: (
            pipeline
            | beam.Create(range(100))
            | beam.Reshuffle()
            | beam.FlatMap(process_of)
            | beam.io.WriteToText(str(tmp_path / "processes"))
        ),
    )
    processes = {line for path in tmp_path.glob("processes*") for line in path.read_text().split()}
    assert len(processes) == WORKERS
    assert str(os.getpid()) not in processes


def test_a_job_may_take_longer_than_beams_deadline_for_a_job_service(
    engine: BeamSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 s or more by default; here one second."""
    add_options = PortableOptions._add_argparse_args

    def with_short_deadline(parser: argparse.ArgumentParser) -> None:
        add_options(parser)
        parser.set_defaults(job_server_timeout=1)

    monkeypatch.setattr(PortableOptions, "_add_argparse_args", with_short_deadline)
    started = time.monotonic()
    run_job(engine, lambda pipeline: pipeline | beam.Create([4]) | beam.Map(time.sleep))
    assert time.monotonic() - started > 4


def test_a_broken_file_beside_one_that_is_still_read_is_named(
    engine: BeamSettings, tmp_path: Path
) -> None:
    domain = write_domain(tmp_path / "domain")
    broken, long = domain / "train-2.tfrecord", domain / "train-3.tfrecord"
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken.write_bytes(content)
    long.write_bytes(long.read_bytes() * 50)
    config = config_of(domain).model_copy(update={"beam": engine})
    with pytest.raises(DataError, match=re.escape(str(broken))):
        run_data_components(config, tmp_path / "run")
    assert not list(tmp_path.glob("run/artifacts/SourceExampleGen/examples/*"))


def config_of(domain: Path) -> Config:
    return load_config(
        "configs/mnist_to_optdigits.yaml", [f"source.path={domain}", "source.format=tfrecord"]
    )


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
