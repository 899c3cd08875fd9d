"""Runs the pipeline's Beam components, and little else of it, on a configuration's engine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts

from components.transfer_evaluator.component import TransferEvaluator
from modules.core.arms import ARMS
from modules.models.serving import export_saved_model
from modules.networks.registry import build_network
from pipelines.beam.options import beam_pipeline_args
from pipelines.beam.settings import BeamSettings
from pipelines.config import Config
from pipelines.running.artifacts import RunArtifacts, metadata_in
from pipelines.running.dag_runner import run_pipeline
from pipelines.running.display import RunDisplay
from pipelines.running.output_folder import ARTIFACTS_FOLDER
from pipelines.trunk import build_trunk

SPLITS = {"train": (600, 4), "eval": (200, 2)}  # images and files of each
_CLASSES = tuple("0123456789")


@dataclass(frozen=True)
class DataRun:
    """What the data components of a run wrote."""

    examples: Path
    statistics: Path
    transform_graph: Path

    def records(self, split: str) -> list[bytes]:
        """Serialized examples of a split, whatever file they are in."""
        files = sorted(map(str, (self.examples / f"Split-{split}").iterdir()))
        return sorted(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())

    def split_statistics(self, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
        """Statistics of a split as StatisticsGen wrote them."""
        content = (self.statistics / f"Split-{split}" / "FeatureStats.pb").read_bytes()
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(content)


def write_domain(folder: Path) -> Path:
    """Writes some of optdigits as TFRecord files: each is a shard, which one worker reads."""
    for split, prefix in (("train", "train"), ("eval", "t10k")):
        images, labels = (
            _read_idx(Path("data/optdigits", f"{prefix}-{kind}-ubyte.gz"))
            for kind in ("images-idx3", "labels-idx1")
        )
        count, files = SPLITS[split]
        folder.mkdir(exist_ok=True)
        for number, rows in enumerate(np.array_split(np.arange(count), files)):
            with tf.io.TFRecordWriter(str(folder / f"{split}-{number}.tfrecord")) as writer:
                for row in rows:
                    writer.write(_example(images[row], int(labels[row])))
    return folder


def run_data_components(config: Config, folder: Path) -> DataRun:
    """Runs ExampleGen, StatisticsGen, schema, validation and Transform of the source."""
    trunk = build_trunk(config)
    others = [*trunk.target, trunk.target_validator, trunk.starter]
    components = [node for node in trunk.components if node not in others]
    artifacts = _run(components, config.beam, folder)
    return DataRun(
        Path(artifacts.uri("SourceExampleGen", "examples")),
        Path(artifacts.uri("SourceStatisticsGen", "statistics")),
        Path(artifacts.uri("Transform", "transform_graph")),
    )


def write_models(config: Config, data: DataRun, folder: Path) -> dict[str, Path]:
    """Exports an untrained network for each arm, all different, as trainers export theirs."""
    models = {}
    for seed, arm in enumerate(ARMS):
        keras.utils.set_random_seed(seed)
        models[arm] = folder / arm
        export_saved_model(
            build_network(config.network, len(_CLASSES)),
            str(data.transform_graph),
            _CLASSES,
            str(models[arm] / "Format-Serving"),
        )
    return models


def run_evaluator(config: Config, data: DataRun, models: dict[str, Path], folder: Path) -> Path:
    """Lets the evaluator compare the models on the eval split; returns its artifact's folder."""
    examples = Importer(
        source_uri=str(data.examples),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": json.dumps(list(SPLITS))},
    ).with_id("Examples")
    arms = {
        arm: Importer(source_uri=str(path), artifact_type=standard_artifacts.Model).with_id(arm)
        for arm, path in models.items()
    }
    evaluator = TransferEvaluator(
        target_examples=examples.outputs["result"],
        source_examples=examples.outputs["result"],
        models={arm: node.outputs["result"] for arm, node in arms.items()},
        gate=config.gate,
        seed=config.seed,
        shots="all",
        source_name=config.start_name,
        target_name=config.target.name,
        source_fingerprint="test",
    )
    artifacts = _run([examples, *arms.values(), evaluator], config.beam, folder)
    return Path(artifacts.uri("TransferEvaluator", "evaluation"))


def _run(components: Sequence[BaseComponent], beam: BeamSettings, folder: Path) -> RunArtifacts:
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = Pipeline(
        pipeline_name="distributed",
        pipeline_root=str(folder / ARTIFACTS_FOLDER),
        metadata_connection_config=metadata_in(folder),
        components=list(components),
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args(beam),
    )
    run_pipeline(pipeline, folder, RunDisplay(Console(quiet=True)))
    return RunArtifacts(metadata_in(folder))


def _read_idx(path: Path) -> np.ndarray:
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def _example(image: np.ndarray, label: int) -> bytes:
    example = tf.train.Example()
    png = tf.io.encode_png(image[..., np.newaxis]).numpy()
    example.features.feature["image"].bytes_list.value.append(png)
    example.features.feature["label"].int64_list.value.append(label)
    serialized: bytes = example.SerializeToString()
    return serialized
