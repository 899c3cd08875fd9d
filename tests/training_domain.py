"""Two tiny image domains with the same classes, and the TransformGraph of the first one."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_transform import TFTransformOutput
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from modules.preprocessing import preprocessing_fn
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    TrainingSettings,
    TransferSettings,
)
from modules.settings.plans import PretrainingPlan, TrainingPlan, TransferPlan
from modules.training.jobs import WarmStartJob
from tests.tiny_domain import serialized_example, write_examples

CLASS_NAMES = ("vertical", "horizontal", "diagonal")
NETWORK = NetworkSettings(image_size=12)
PREPROCESSING = PreprocessingSettings(framing=False, polarity=False, augmentation="none")
PRETRAINING = PretrainingSettings(steps=30, batch_size=24, learning_rate=1e-3)
TRAINING = TrainingSettings(
    precision="float32", checkpoint_every_steps=10, summary_every_steps=5, max_to_keep=2
)
TRANSFER = TransferSettings(
    method="joint", steps=12, batch_size=6, source_batch_size=6, learning_rate=1e-4
)
PRETRAINING_PLAN = PretrainingPlan(
    network=NETWORK,
    preprocessing=PREPROCESSING,
    training=TRAINING,
    pretraining=PRETRAINING,
    source_fingerprint="test",
)
TRANSFER_PLAN = TransferPlan(
    network=NETWORK,
    preprocessing=PREPROCESSING,
    training=TRAINING,
    transfer=TRANSFER,
    shots=2,
    source_fingerprint="test",
)
_SIZE = 12


@dataclass(frozen=True)
class TinyDomains:
    """Artifacts of two domains, as folders.

    Attributes:
        source: Examples of thin, bright strokes; 30 of each class in `train`.
        target: Examples of thick, dim strokes; 8 of each class in `train`.
        transform_graph: Analysed on the source.
    """

    source: Path
    target: Path
    transform_graph: Path


def write_tiny_domains(
    folder: Path,
    network: NetworkSettings = NETWORK,
    preprocessing: PreprocessingSettings = PREPROCESSING,
) -> TinyDomains:
    """Writes both domains and the TransformGraph; takes seconds."""
    domains = TinyDomains(folder / "source", folder / "target", folder / "transform_graph")
    source = stroke_records(30, seed=1)
    for path, train, thickness, brightness, seed in (
        (domains.source, source, 1, 255, 2),
        (domains.target, stroke_records(8, seed=3, thickness=3, brightness=120), 3, 120, 4),
    ):
        held_out = stroke_records(5, seed, thickness, brightness, prefix="eval")
        write_examples(path, {"train": train, "eval": held_out}, CLASS_NAMES)
    write_transform_graph(domains.transform_graph, source, network, preprocessing)
    return domains


def stroke_records(
    per_class: int,
    seed: int,
    thickness: int = 1,
    brightness: int = 255,
    prefix: str = "train",
) -> list[bytes]:
    """Makes serialized examples of noisy strokes, the classes in turn."""
    rng = np.random.default_rng(seed)
    records = []
    for index in range(per_class * len(CLASS_NAMES)):
        label = index % len(CLASS_NAMES)
        image = _stroke(label, thickness, brightness, rng)
        png = tf.io.encode_png(image[..., np.newaxis]).numpy()
        records.append(
            serialized_example(
                index, label, image=[png], example_id=[f"{prefix}/{index:08d}".encode()]
            )
        )
    return records


def _stroke(label: int, thickness: int, brightness: int, rng: np.random.Generator) -> np.ndarray:
    image = rng.integers(0, 60, (_SIZE, _SIZE)).astype(np.uint8)
    offset = int(rng.integers(2, _SIZE - 4))
    for width in range(thickness):
        place = min(offset + width, _SIZE - 1)
        if label == 0:
            image[:, place] = brightness
        elif label == 1:
            image[place, :] = brightness
        else:
            diagonal = np.arange(_SIZE)
            image[diagonal, np.clip(diagonal + offset + width - _SIZE // 2, 0, _SIZE - 1)] = (
                brightness
            )
    return image


def write_transform_graph(
    folder: Path,
    records: Sequence[bytes],
    network: NetworkSettings = NETWORK,
    preprocessing: PreprocessingSettings = PREPROCESSING,
) -> None:
    """Analyses examples with the project's own preprocessing_fn."""
    specs = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "example_id": tf.io.FixedLenFeature([], tf.string),
    }
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(specs))
    rows = [_row(record) for record in records]
    custom_config = {
        "preprocessing": preprocessing.model_dump_json(),
        "network": network.model_dump_json(),
    }
    preprocess = functools.partial(preprocessing_fn, custom_config=custom_config)
    with (
        tempfile.TemporaryDirectory() as work,
        beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline,
        tft_beam.Context(temp_dir=work),
    ):
        transform_fn = (rows, metadata) | tft_beam.AnalyzeDataset(preprocess)
        _ = transform_fn | tft_beam.WriteTransformFn(str(folder))
        raw_metadata = str(folder / TFTransformOutput.RAW_METADATA_DIR)
        _ = metadata | tft_beam.WriteMetadata(raw_metadata, pipeline)


def _row(record: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(record).features.feature
    return {
        "image": features["image"].bytes_list.value[0],
        "label": features["label"].int64_list.value[0],
        "example_id": features["example_id"].bytes_list.value[0],
    }


def fn_args(
    examples: Path, transform_graph: Path, output: Path, plan: TrainingPlan
) -> SimpleNamespace:
    """Makes what TFX's Trainer hands to a `run_fn`; the eval split's files do not exist."""
    return SimpleNamespace(
        train_files=[str(examples / "Split-train" / "*")],
        eval_files=[str(examples / "Split-missing" / "*")],
        transform_graph_path=str(transform_graph),
        serving_model_dir=str(output / "model" / "Format-Serving"),
        model_run_dir=str(output / "model_run"),
        base_model=None,
        custom_config={"plan": plan.model_dump_json()},
    )


def warm_start_job(
    domains: TinyDomains, base_model: Path, output: Path, plan: TransferPlan = TRANSFER_PLAN
) -> WarmStartJob:
    """Makes a warm start that fills folders of a folder, by the names of its outputs."""
    return WarmStartJob(
        plan=plan,
        examples=str(domains.target),
        source_examples=str(domains.source),
        transform_graph=str(domains.transform_graph),
        base_model=str(base_model),
        model=str(output / "model"),
        model_run=str(output / "model_run"),
        mapping_report=str(output / "mapping_report"),
        pretrained_arm=str(output / "pretrained_arm"),
    )
