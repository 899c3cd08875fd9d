"""Runs ImageExampleGen's executor and reads what it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.image_example_gen.component import ImageExampleGen
from components.image_example_gen.executor import Executor
from modules.sources.png import encode_pngs

OPTDIGITS = str(Path(__file__).resolve().parents[3] / "data" / "optdigits")
# Naming an image keeps TFX from packing itself for remote workers, which takes seconds.
BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]


def execute(output: Path, **arguments: Any) -> standard_artifacts.Examples:
    component = ImageExampleGen(**{"domain": "digits", "source_fingerprint": "1", **arguments})
    artifact = standard_artifacts.Examples()
    artifact.uri = str(output)
    context = Executor.Context(beam_pipeline_args=BEAM_ARGS, tmp_dir=str(output.parent))
    Executor(context).Do({}, {"examples": [artifact]}, component.exec_properties)
    return artifact


def examples_of(artifact: standard_artifacts.Examples, split: str) -> list[dict[str, Any]]:
    paths = tf.io.gfile.glob(f"{artifact_utils.get_split_uri([artifact], split)}/*")
    records = tf.data.TFRecordDataset(sorted(paths), "GZIP").as_numpy_iterator()
    return [_values(tf.train.Example.FromString(record)) for record in records]


def _values(example: tf.train.Example) -> dict[str, Any]:
    values = {}
    for name, feature in example.features.feature.items():
        (values[name],) = feature.bytes_list.value or feature.int64_list.value
    return values


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_image_folder(folder: Path) -> dict[bytes, bytes]:
    images: dict[bytes, bytes] = {}
    for split, classes in (("train", ("cat", "dog")), ("eval", ("dog",))):
        for name in classes:
            for index in range(3):
                path = folder / split / name / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = np.full((2 + index, 5, 3), len(images), np.uint8)
                path.write_bytes(*encode_pngs(pixels[np.newaxis]))
                images[str(path.relative_to(folder)).encode()] = path.read_bytes()
    return images
