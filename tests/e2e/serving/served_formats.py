"""What a pushed model answers through each loader that serves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf


def serialize_images(encoded: Sequence[bytes]) -> list[bytes]:
    """Makes tf.Examples of encoded images, as a client does."""

    def serialize(image: bytes) -> bytes:
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
        features = tf.train.Features(feature={"image": feature})
        return tf.train.Example(features=features).SerializeToString()

    return [serialize(image) for image in encoded]


def assert_equal_answers_in_three_formats(
    pushed: str, serialized: Sequence[bytes], folder: Path
) -> dict[str, np.ndarray]:
    """Compares probabilities from TF2, TFMA and a V1 session.

    Args:
        pushed: A served version.
        serialized: tf.Examples.
        folder: For files in between.

    Returns:
        The outputs of `serving_default` through TF2.
    """
    served = tf.saved_model.load(pushed).signatures["serving_default"](
        examples=tf.constant(serialized)
    )
    probabilities = served["probabilities"].numpy()
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], pushed)
        signature = graph.signature_def["serving_default"]
        v1_probabilities = session.run(
            signature.outputs["probabilities"].name,
            {signature.inputs["examples"].name: serialized},
        )
    np.testing.assert_allclose(v1_probabilities, probabilities, rtol=0, atol=1e-5)
    tfma_probabilities = _predict_with_tfma(pushed, serialized, folder)
    np.testing.assert_allclose(tfma_probabilities, probabilities, rtol=0, atol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    return {name: value.numpy() for name, value in served.items()}


def _predict_with_tfma(pushed: str, serialized: Sequence[bytes], folder: Path) -> np.ndarray:
    import apache_beam as beam
    import tensorflow_model_analysis as tfma
    from tensorflow_model_analysis.proto import config_pb2
    from tfx_bsl.public import tfxio

    eval_config = config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="serving_default", label_key="label")]
    )
    model = tfma.default_eval_shared_model(pushed, eval_config=eval_config)
    source = tfxio.TFExampleBeamRecord(
        physical_format="inmemory",
        raw_record_column_name=tfma.ARROW_INPUT_COLUMN,
        telemetry_descriptors=["test"],
    )
    with beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline:
        _ = (
            pipeline
            | beam.Create(serialized, reshuffle=False)
            | source.BeamSource()
            | tfma.BatchedInputsToExtracts()
            | tfma.extractors.FeaturesExtractor(eval_config).ptransform
            | tfma.extractors.PredictionsExtractor(eval_config, eval_shared_model=model).ptransform
            | beam.FlatMap(_digests_with_probabilities)
            | beam.io.WriteToText(str(folder / "predictions"), num_shards=1)
        )
    (written,) = folder.glob("predictions*")
    rows = dict(line.split(" ", 1) for line in written.read_text().splitlines())
    return np.array([json.loads(rows[_digest(record)]) for record in serialized])


def _digests_with_probabilities(extracts: dict) -> list[str]:
    probabilities = np.asarray(extracts["predictions"]["probabilities"])
    records = np.ravel(extracts["input"])
    return [
        f"{_digest(record)} {json.dumps(row.tolist())}"
        for record, row in zip(records, probabilities, strict=True)
    ]


def _digest(record: bytes) -> str:
    return hashlib.sha256(record).hexdigest()
