"""Preprocessing: what the TransformGraph makes of Examples."""

from __future__ import annotations

import functools
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from modules.images.framing import frame_images, resize_images
from modules.preprocessing import preprocessing_fn
from modules.settings import NetworkSettings, PreprocessingSettings
from tests.modules.embedded_digits import train_digits

DIGITS, LABELS = train_digits("mnist", 60)
PNGS = [tf.io.encode_png(np.uint8(digit * 255 + 0.5)).numpy() for digit in DIGITS]
IDS = [f"train/{index:08d}".encode() for index in range(len(PNGS))]


def config(image_size: int = 28, channels: int = 1, **preprocessing: bool) -> dict[str, str]:
    network = NetworkSettings.model_validate({"image_size": image_size, "channels": channels})
    return {
        "preprocessing": PreprocessingSettings.model_validate(preprocessing).model_dump_json(),
        "network": network.model_dump_json(),
        "source_fingerprint": "ignored",
    }


def preprocess(image: tf.Tensor | tf.SparseTensor, custom_config: dict[str, str]) -> np.ndarray:
    return preprocessing_fn({"image": image}, custom_config)["image"].numpy()


@pytest.fixture(scope="module")
def transform_graph(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    """The default preprocessing, analysed on MNIST by the real TensorFlow Transform."""
    one_each = {"image": tf.string, "label": tf.int64, "example_id": tf.string, "height": tf.int64}
    specs = {name: tf.io.FixedLenFeature([1], dtype) for name, dtype in one_each.items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(specs))
    rows = [
        {"image": [png], "label": [label], "example_id": [example_id], "height": [28]}
        for png, label, example_id in zip(PNGS, LABELS, IDS, strict=True)
    ]
    directory = tmp_path_factory.mktemp("transform_graph")
    with (
        beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline,
        tft_beam.Context(temp_dir=str(tmp_path_factory.mktemp("work"))),
    ):
        raw = pipeline | beam.Create(rows)
        analyse = tft_beam.AnalyzeDataset(
            functools.partial(preprocessing_fn, custom_config=config())
        )
        _ = (raw, metadata) | analyse | tft_beam.WriteTransformFn(str(directory))
    return tft.TFTransformOutput(str(directory))


class Service(tf.Module):
    """Answers for images alone, without labels or ids, as serving does."""

    def __init__(self, transform_graph: tft.TFTransformOutput) -> None:
        self.layer = transform_graph.transform_features_layer()

    @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.string)], autograph=False)
    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        return self.layer({"image": image})["image"]


@pytest.fixture(scope="module")
def serve(transform_graph: tft.TFTransformOutput) -> Service:
    return Service(transform_graph)


def test_the_transform_graph_gives_what_the_network_and_the_labels_need(
    transform_graph: tft.TFTransformOutput,
) -> None:
    assert transform_graph.transformed_feature_spec() == {
        "image": tf.io.FixedLenFeature([28, 28, 1], tf.float32),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "example_id": tf.io.FixedLenFeature([], tf.string),
    }


def test_labels_and_ids_pass_through(transform_graph: tft.TFTransformOutput) -> None:
    layer = transform_graph.transform_features_layer()
    transformed = layer(
        {
            "image": tf.constant(PNGS)[:, None],
            "label": tf.constant(LABELS, tf.int64)[:, None],
            "example_id": tf.constant(IDS)[:, None],
        }
    )
    np.testing.assert_array_equal(transformed["label"], LABELS)
    np.testing.assert_array_equal(transformed["example_id"], IDS)


def test_the_analysed_source_comes_out_with_mean_0_and_deviation_1(
    serve: Service,
) -> None:
    images = serve(tf.constant(PNGS)[:, None]).numpy()
    np.testing.assert_allclose([images.mean(), images.std()], [0, 1], atol=5e-3)


def test_another_domain_is_standardized_by_the_source(
    serve: Service,
) -> None:
    framed = frame_images(tf.constant(DIGITS), 28).numpy()
    target = (train_digits("optdigits", 5)[0] * 255 + 0.5).astype(np.uint8)
    encoded = tf.stack([tf.io.encode_png(image) for image in target])[:, None]
    expected = frame_images(tf.cast(target, tf.float32) / 255, 28)
    expected = (expected - framed.mean()) / framed.std()
    np.testing.assert_allclose(serve(encoded), expected, atol=1e-2)


def test_the_graph_answers_alike_in_a_data_pipeline_and_in_a_v1_session(
    serve: Service, tmp_path: Path
) -> None:
    encoded = tf.constant(PNGS)[:, None]
    expected = serve(encoded).numpy()
    piped = tf.data.Dataset.from_tensors(encoded).map(serve)
    np.testing.assert_allclose(next(iter(piped)), expected, atol=1e-4)

    tf.saved_model.save(serve, str(tmp_path), signatures=serve.__call__.get_concrete_function())
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(tmp_path))
        signature = graph.signature_def["serving_default"]
        (fed,), (fetched,) = signature.inputs.values(), signature.outputs.values()
        answer = session.run(fetched.name, {fed.name: np.array(PNGS, object)[:, None]})
    np.testing.assert_allclose(answer, expected, atol=1e-4)


@pytest.mark.parametrize("as_fed", ["vector", "column", "sparse"])
def test_images_may_come_dense_or_sparse(as_fed: str) -> None:
    vector = tf.constant(PNGS[:5])
    fed = {
        "vector": vector,
        "column": vector[:, None],
        "sparse": tf.sparse.from_dense(vector[:, None]),
    }[as_fed]
    custom_config = config(standardize=False)
    np.testing.assert_allclose(
        preprocess(fed, custom_config), frame_images(tf.constant(DIGITS[:5]), 28), atol=1e-5
    )


def test_without_framing_images_are_resized_whole() -> None:
    resized = preprocess(tf.constant(PNGS), config(20, framing=False, standardize=False))
    np.testing.assert_allclose(resized, resize_images(DIGITS, 20), atol=1e-5)


@pytest.mark.parametrize("framing", [True, False])
@pytest.mark.parametrize("polarity", [True, False])
def test_dark_ink_becomes_bright_only_if_asked(framing: bool, polarity: bool) -> None:
    inverted = tf.stack([tf.io.encode_png(np.uint8(255.5 - digit * 255)) for digit in DIGITS])
    settings = {"framing": framing, "polarity": polarity, "standardize": False}
    bright = preprocess(tf.constant(PNGS), config(**settings))
    expected = bright if polarity else 1 - bright
    np.testing.assert_allclose(preprocess(inverted, config(**settings)), expected, atol=5e-3)


def test_a_colour_network_of_another_size_gets_its_own_input() -> None:
    images = preprocess(tf.constant(PNGS[:3]), config(32, 3, standardize=False))
    assert images.shape == (3, 32, 32, 3)
