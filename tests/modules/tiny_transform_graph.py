"""A small TransformGraph, made by the real TensorFlow Transform."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

SIZE = 8


def write_transform_graph(directory: str, image_spec: Any) -> None:
    """Writes a TransformGraph that decodes, resizes and centres images.

    Args:
        directory: Where to.
        image_spec: How the schema declares the feature `image`.
    """
    specs = {"image": image_spec, "label": tf.io.FixedLenFeature([], tf.int64)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(specs))
    scalar = isinstance(image_spec, tf.io.FixedLenFeature) and not image_spec.shape
    rng = np.random.default_rng(0)
    encoded = [encode(rng.integers(0, 256, (5, 6, 1), np.uint8)) for _ in range(3)]
    rows = [{"image": png if scalar else np.array([png]), "label": 0} for png in encoded]
    with (
        tempfile.TemporaryDirectory() as work,
        beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline,
        tft_beam.Context(temp_dir=work),
    ):
        transform_fn = (rows, metadata) | tft_beam.AnalyzeDataset(_preprocess)
        _ = transform_fn | tft_beam.WriteTransformFn(directory)
        raw_metadata = os.path.join(directory, tft.TFTransformOutput.RAW_METADATA_DIR)
        _ = metadata | tft_beam.WriteMetadata(raw_metadata, pipeline)


def encode(image: np.ndarray) -> bytes:
    """Encodes pixels, uint8 [H, W, C], as PNG."""
    return tf.io.encode_png(image).numpy()


def _preprocess(inputs: dict[str, Any]) -> dict[str, tf.Tensor]:
    image = inputs["image"]
    if isinstance(image, tf.SparseTensor):
        image = tf.sparse.to_dense(image)
    pixels = tf.map_fn(_resize, tf.reshape(image, [-1]), fn_output_signature=tf.float32) / 255
    return {"image": pixels - tft.mean(pixels), "label": inputs["label"]}


def _resize(encoded: tf.Tensor) -> tf.Tensor:
    image = tf.image.resize(tf.io.decode_png(encoded, channels=1), [SIZE, SIZE])
    return tf.ensure_shape(image, [SIZE, SIZE, 1])
