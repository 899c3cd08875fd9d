"""The exported SavedModel, through every way of loading it."""

from __future__ import annotations

import shutil
from pathlib import Path

import apache_beam as beam
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from tensorflow_model_analysis.proto import config_pb2
from tfx_bsl.public import tfxio

from modules.core.errors import ConfigError, DataError
from modules.models import serving
from modules.models.serving import export_saved_model
from modules.networks.precision import precision_policy
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import NetworkSettings
from tests.modules.tiny_transform_graph import SIZE, encode, write_transform_graph

SETTINGS = NetworkSettings(image_size=SIZE, dropout=0.5)
CLASSES = ["zero", "one", "two"]
# Stripes of seven directions: the network below does not take all of them for one class.
ROWS, COLUMNS, DIRECTIONS = np.arange(11)[:, None], np.arange(9), np.arange(7)[:, None, None]
STRIPES = (ROWS * (DIRECTIONS + 1) + COLUMNS * (7 - DIRECTIONS)) // 9 % 2
IMAGES = (255 * STRIPES[..., None]).astype(np.uint8)  # [7, 11, 9, 1]
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


def _network() -> BuiltNetwork:
    keras.utils.set_random_seed(3)
    return build_network(SETTINGS, len(CLASSES))


def _example(image: np.ndarray, label: int) -> bytes:
    features = tf.train.Features()
    features.feature["image"].bytes_list.value.append(encode(image))
    features.feature["label"].int64_list.value.append(label)
    return tf.train.Example(features=features).SerializeToString()


EXAMPLES = [_example(image, label) for image, label in zip(IMAGES, LABELS, strict=True)]


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory, tiny_transform_graph: str) -> str:
    directory = str(tmp_path_factory.mktemp("model") / "Format-Serving")
    export_saved_model(_network(), tiny_transform_graph, CLASSES, directory)
    return directory


@pytest.fixture(scope="module")
def expected(tiny_transform_graph: str) -> dict[str, np.ndarray]:
    """What the network itself says about the images that the TransformGraph itself gives."""
    transform = tft.TFTransformOutput(tiny_transform_graph).transform_features_layer()
    images = transform({"image": tf.constant([encode(image) for image in IMAGES])})["image"]
    outputs = _network()(images, training=False)
    probabilities = tf.nn.softmax(outputs["logits"]).numpy()
    return {
        "features": outputs["features"].numpy(),
        "logits": outputs["logits"].numpy(),
        "probabilities": probabilities,
        "label": probabilities.argmax(axis=-1),
        "class_name": np.array([CLASSES[i].encode() for i in probabilities.argmax(axis=-1)]),
    }


def _assert_predictions(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert set(found) == {"probabilities", "label", "class_name"}
    np.testing.assert_allclose(found["probabilities"], expected["probabilities"], atol=1e-5)
    np.testing.assert_array_equal(found["label"], expected["label"])
    np.testing.assert_array_equal(found["class_name"], expected["class_name"])
    assert found["probabilities"].dtype == np.float32
    assert found["label"].dtype == np.int64


def test_the_images_do_not_all_fall_into_one_class(expected: dict[str, np.ndarray]) -> None:
    assert len(set(expected["label"])) > 1


def test_serialized_examples_give_the_networks_predictions_in_tf2(
    saved_model: str, expected: dict[str, np.ndarray]
) -> None:
    serve = tf.saved_model.load(saved_model).signatures["serving_default"]
    found = {name: value.numpy() for name, value in serve(examples=tf.constant(EXAMPLES)).items()}
    _assert_predictions(found, expected)


def test_serialized_examples_give_the_networks_predictions_in_a_tf1_session(
    saved_model: str, expected: dict[str, np.ndarray]
) -> None:
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], saved_model)
        signature = graph.signature_def["serving_default"]
        found = session.run(
            {name: output.name for name, output in signature.outputs.items()},
            {signature.inputs["examples"].name: EXAMPLES},
        )
    _assert_predictions(found, expected)


def test_raw_images_give_the_predictions_of_their_examples(
    saved_model: str, expected: dict[str, np.ndarray]
) -> None:
    predict = tf.saved_model.load(saved_model).signatures["predict_images"]
    found = {name: value.numpy() for name, value in predict(images=tf.constant(IMAGES)).items()}
    _assert_predictions(found, expected)


def test_colour_images_are_taken_as_far_as_the_transform_graph_takes_them(saved_model: str) -> None:
    predict = tf.saved_model.load(saved_model).signatures["predict_images"]
    grey = predict(images=tf.constant(IMAGES))["probabilities"]
    colour = predict(images=tf.constant(np.repeat(IMAGES, 3, axis=-1)))["probabilities"]
    np.testing.assert_allclose(colour, grey, atol=1e-5)


def test_features_and_logits_are_the_networks(
    saved_model: str, expected: dict[str, np.ndarray]
) -> None:
    features = tf.saved_model.load(saved_model).signatures["features"]
    found = features(examples=tf.constant(EXAMPLES))
    assert set(found) == {"features", "logits"}
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)


def test_an_example_needs_nothing_but_an_image(
    saved_model: str, expected: dict[str, np.ndarray]
) -> None:
    features = tf.train.Features()
    features.feature["image"].bytes_list.value.append(encode(IMAGES[0]))
    bare = tf.train.Example(features=features).SerializeToString()
    found = tf.saved_model.load(saved_model).signatures["serving_default"](tf.constant([bare]))
    np.testing.assert_allclose(found["probabilities"][0], expected["probabilities"][0], atol=1e-5)


def test_an_example_without_an_image_is_refused_by_name(saved_model: str) -> None:
    serve = tf.saved_model.load(saved_model).signatures["serving_default"]
    empty = tf.train.Example().SerializeToString()
    with pytest.raises(tf.errors.InvalidArgumentError, match="image"):
        serve(examples=tf.constant([empty]))


def test_tfma_evaluates_it_and_finds_the_networks_accuracy(
    saved_model: str, expected: dict[str, np.ndarray], tmp_path: Path
) -> None:
    records = str(tmp_path / "examples.tfrecord.gz")
    with tf.io.TFRecordWriter(records, "GZIP") as writer:
        for example in EXAMPLES:
            writer.write(example)
    eval_config = config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name="serving_default",
                prediction_key="probabilities",
                label_key="label",
            )
        ],
        slicing_specs=[config_pb2.SlicingSpec()],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[config_pb2.MetricConfig(class_name="SparseCategoricalAccuracy")]
            )
        ],
    )
    model = tfma.default_eval_shared_model(saved_model, eval_config=eval_config)
    source = tfxio.TFExampleRecord(
        records, raw_record_column_name=tfma.ARROW_INPUT_COLUMN, telemetry_descriptors=["test"]
    )
    with beam.Pipeline(argv=["--runner=FnApiRunner"]) as pipeline:
        _ = (
            pipeline
            | source.BeamSource()
            | tfma.ExtractEvaluateAndWriteResults(
                eval_shared_model=model, eval_config=eval_config, output_path=str(tmp_path / "eval")
            )
        )
    result = tfma.load_eval_result(str(tmp_path / "eval"))
    ((_, metrics),) = result.slicing_metrics
    accuracy = metrics[""][""]["sparse_categorical_accuracy"]["doubleValue"]
    assert accuracy == pytest.approx((expected["label"] == LABELS).mean())


def test_a_network_trained_in_bfloat16_is_served_in_float32(
    tiny_transform_graph: str, expected: dict[str, np.ndarray], tmp_path: Path
) -> None:
    with precision_policy("mixed_bfloat16"):
        network = _network()
    for variable, value in zip(
        network.named_variables.values(), _network().named_variables.values(), strict=True
    ):
        variable.assign(value)
    directory = str(tmp_path / "model")
    export_saved_model(network, tiny_transform_graph, CLASSES, directory)
    found = tf.saved_model.load(directory).signatures["features"](tf.constant(EXAMPLES))
    np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-5)
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    "image_spec", [tf.io.FixedLenFeature([1], tf.string), tf.io.VarLenFeature(tf.string)]
)
def test_the_schema_may_declare_the_image_in_any_usual_way(
    image_spec: object, tmp_path: Path, expected: dict[str, np.ndarray]
) -> None:
    write_transform_graph(str(tmp_path / "graph"), image_spec)
    directory = str(tmp_path / "model")
    export_saved_model(_network(), str(tmp_path / "graph"), CLASSES, directory)
    signatures = tf.saved_model.load(directory).signatures
    for found in (
        signatures["serving_default"](examples=tf.constant(EXAMPLES)),
        signatures["predict_images"](images=tf.constant(IMAGES)),
    ):
        np.testing.assert_allclose(found["probabilities"], expected["probabilities"], atol=1e-5)


def test_an_export_replaces_a_former_one(tiny_transform_graph: str, tmp_path: Path) -> None:
    directory = tmp_path / "model"
    for classes in (["a", "b", "c"], ["d", "e", "f"]):
        export_saved_model(_network(), tiny_transform_graph, classes, str(directory))
        (directory / "stale").touch(exist_ok=False)
    names = tf.saved_model.load(str(directory)).signatures["serving_default"](
        examples=tf.constant(EXAMPLES)
    )["class_name"]
    assert set(names.numpy()) <= {b"d", b"e", b"f"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failed_export_leaves_the_former_one_and_nothing_else(
    tiny_transform_graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "model"
    export_saved_model(_network(), tiny_transform_graph, CLASSES, str(directory))
    before = sorted(path.name for path in directory.iterdir())
    save = tf.saved_model.save

    def fill_the_disk(*args: object, **options: object) -> None:
        save(*args, **options)
        raise OSError("No space left on device")

    monkeypatch.setattr(serving.tf.saved_model, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        export_saved_model(_network(), tiny_transform_graph, CLASSES, str(directory))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert sorted(path.name for path in directory.iterdir()) == before


def test_other_classes_than_the_networks_are_refused(
    tiny_transform_graph: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="predicts 3 classes, but 2 are named"):
        export_saved_model(_network(), tiny_transform_graph, ["a", "b"], str(tmp_path / "model"))
    assert not list(tmp_path.iterdir())


def test_a_transform_graph_without_an_image_is_refused(
    tiny_transform_graph: str, tmp_path: Path
) -> None:
    graph = tmp_path / "graph"
    shutil.copytree(tiny_transform_graph, graph)
    schema = graph / "metadata" / "schema.pbtxt"
    schema.write_text(schema.read_text().replace('"image"', '"picture"'))
    with pytest.raises(DataError, match=r"'image' of .* length, found the features label, picture"):
        export_saved_model(_network(), str(graph), CLASSES, str(tmp_path / "model"))
    assert not (tmp_path / "model").exists()
