"""The pushed model answers the same through every loader that serves it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.e2e.conftest import FinishedRun, read_idx

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pushed(quick_run: FinishedRun) -> str:
    return quick_run.result["pushed_to"]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return read_idx(Path("data/optdigits/t10k-images-idx3-ubyte.gz"))[:32]


@pytest.fixture(scope="module")
def serialized(images: np.ndarray) -> list[bytes]:
    def serialize(image: np.ndarray) -> bytes:
        encoded = tf.io.encode_png(image[:, :, np.newaxis]).numpy()
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded]))
        features = tf.train.Features(feature={"image": feature})
        return tf.train.Example(features=features).SerializeToString()

    return [serialize(image) for image in images]


def test_tf2_tfma_and_a_v1_session_give_equal_predictions(
    pushed: str, serialized: list[bytes], tmp_path: Path
) -> None:
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

    tfma_probabilities = _predict_with_tfma(pushed, serialized, tmp_path)
    np.testing.assert_allclose(tfma_probabilities, probabilities, rtol=0, atol=1e-5)

    assert probabilities.shape == (32, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    labels = read_idx(Path("data/optdigits/t10k-labels-idx1-ubyte.gz"))[:32]
    assert np.mean(served["label"].numpy() == labels) > 0.8


def test_raw_image_tensors_are_answered_like_serialized_examples(
    pushed: str, images: np.ndarray, serialized: list[bytes]
) -> None:
    signatures = tf.saved_model.load(pushed).signatures
    from_examples = signatures["serving_default"](examples=tf.constant(serialized))
    from_images = signatures["predict_images"](images=tf.constant(images[..., np.newaxis]))
    np.testing.assert_allclose(
        from_images["probabilities"], from_examples["probabilities"], atol=1e-5
    )


def test_features_are_served_too(pushed: str, serialized: list[bytes]) -> None:
    features = tf.saved_model.load(pushed).signatures["features"](examples=tf.constant(serialized))
    assert features["features"].shape == (32, 1024)


def _predict_with_tfma(pushed: str, serialized: list[bytes], folder: Path) -> np.ndarray:
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
