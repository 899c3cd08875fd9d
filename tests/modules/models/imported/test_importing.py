"""A model that was made elsewhere answers, and is trained on, like one of this pipeline's."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError, DataError
from modules.models.artifact import check_model, checkpoint_dir, saved_model_dir
from modules.models.checkpointing import read_checkpoint_metadata
from modules.networks.outputs import network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.settings import NetworkSettings
from tests.modules.models.imported.outside_models import (
    SIZE,
    run_import,
    save_as,
    strokes_model,
    target_images,
)
from tests.training_domain import CLASS_NAMES, TinyDomains, stroke_records

RECORDS = stroke_records(3, seed=9)


def served(model: Path) -> dict[str, np.ndarray]:
    signature = tf.saved_model.load(saved_model_dir(str(model))).signatures["serving_default"]
    return {key: value.numpy() for key, value in signature(examples=tf.constant(RECORDS)).items()}


def imported_probabilities(model: Path, images: np.ndarray) -> np.ndarray:
    logits = network_outputs(RestoredGraph(saved_model_dir(str(model))), images).logits
    return tf.nn.softmax(logits).numpy()


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_the_imported_model_answers_as_the_file_itself(
    kind: str, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    original = strokes_model()
    model = run_import(save_as(kind, original, tmp_path), tiny_domains, tmp_path / "imported")
    images = target_images(tiny_domains)
    expected = np.asarray(original(images, training=False))
    np.testing.assert_allclose(imported_probabilities(model, images), expected, atol=1e-5)
    check_model(str(model))
    metadata = read_checkpoint_metadata(checkpoint_dir(str(model)))
    assert metadata["class_names"] == list(CLASS_NAMES)
    assert metadata["imported"]["output_difference"] < 1e-4
    assert {"logits/kernel", "logits/bias"} <= set(metadata["variables"])


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_it_also_answers_in_a_tf1_session(
    kind: str, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    path = save_as(kind, strokes_model(), tmp_path)
    model = run_import(path, tiny_domains, tmp_path / "imported")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(
            session, ["serve"], saved_model_dir(str(model))
        )
        signature = graph.signature_def["serving_default"]
        found = session.run(
            signature.outputs["probabilities"].name,
            {signature.inputs["examples"].name: RECORDS},
        )
    np.testing.assert_allclose(found, served(model)["probabilities"], atol=1e-5)


def test_a_checkpoint_gives_its_weights_to_the_network_that_the_configuration_names(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    path = pretrained / "model" / "checkpoint" / "variables"
    model = run_import(path, tiny_domains, tmp_path / "imported")
    np.testing.assert_allclose(
        served(model)["probabilities"], served(pretrained / "model")["probabilities"], atol=1e-5
    )


def test_a_checkpoint_of_objects_is_mapped_by_the_names_of_its_variables(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    from modules.networks.registry import build_network

    keras.utils.set_random_seed(5)
    lenet = build_network(NetworkSettings(image_size=SIZE), 3)
    path = save_as("checkpoint", lenet, tmp_path)
    model = run_import(path, tiny_domains, tmp_path / "imported")
    images = target_images(tiny_domains)
    expected = tf.nn.softmax(lenet(images, training=False)["logits"]).numpy()
    np.testing.assert_allclose(imported_probabilities(model, images), expected, atol=1e-5)


def test_a_checkpoint_of_another_network_is_refused_with_both_sides_names(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    path = save_as("checkpoint", strokes_model(), tmp_path)
    with pytest.raises(DataError, match=r"conv1/kernel \[5, 5, 1, 32\] is not there.*embedding"):
        run_import(path, tiny_domains, tmp_path / "imported")
    assert not (tmp_path / "imported").exists()


def test_names_of_a_checkpoint_can_be_mapped(tiny_domains: TinyDomains, tmp_path: Path) -> None:
    from modules.networks.registry import build_network

    lenet = build_network(NetworkSettings(image_size=SIZE), 3)
    values = {f"old_{n.replace('/', '_')}": v for n, v in lenet.named_variables.items()}
    tf.train.Checkpoint(**values).write(str(tmp_path / "old"))
    names = {name: f"old_{name.replace('/', '_')}" for name in lenet.named_variables}
    model = run_import(tmp_path / "old", tiny_domains, tmp_path / "imported", variables=names)
    images = target_images(tiny_domains)
    expected = tf.nn.softmax(lenet(images, training=False)["logits"]).numpy()
    np.testing.assert_allclose(imported_probabilities(model, images), expected, atol=1e-5)


def test_an_earlier_model_brings_classes_and_preprocessing(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    model = run_import(
        pretrained / "model", tiny_domains, tmp_path / "imported", own_preprocessing=True
    )
    again, first = served(model), served(pretrained / "model")
    np.testing.assert_allclose(again["probabilities"], first["probabilities"], atol=1e-5)
    assert again["class_name"].tolist() == first["class_name"].tolist()
    assert (tmp_path / "imported" / "transform_graph" / "transform_fn").is_dir()
    assert read_checkpoint_metadata(checkpoint_dir(str(model)))["train_counts"] == [30, 30, 30]


def test_the_logits_take_the_order_of_the_sources_classes(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    names = CLASS_NAMES[::-1]
    original = strokes_model()
    path = save_as("keras", original, tmp_path)
    model = run_import(path, tiny_domains, tmp_path / "imported", source=True, classes=names)
    images = target_images(tiny_domains)
    expected = np.asarray(original(images, training=False))[:, ::-1]
    np.testing.assert_allclose(imported_probabilities(model, images), expected, atol=1e-5)


def test_names_may_lie_beside_the_file(tiny_domains: TinyDomains, tmp_path: Path) -> None:
    path = save_as("keras", strokes_model(), tmp_path)
    with pytest.raises(ConfigError, match=r"pretraining.classes: nothing says what its 3 logits"):
        run_import(path, tiny_domains, tmp_path / "none", classes=None)
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    model = run_import(path, tiny_domains, tmp_path / "imported", classes=None)
    assert read_checkpoint_metadata(checkpoint_dir(str(model)))["class_names"] == ["a", "b", "c"]
    (tmp_path / "classes.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(DataError, match="a list of class names"):
        run_import(path, tiny_domains, tmp_path / "broken", classes=None)


REFUSED = {
    "pretraining.pixels: a Keras file does not say": {"pixels": None},
    "tells 3 classes apart, found 2 names": {"classes": ("a", "b")},
    "pretraining.features to be 'embedding'": {"features": "answer"},
    "pretraining.variables: a Keras file has no use": {"variables": {"a": "b"}},
    r"Set network.image_size=12": {"network": NetworkSettings(image_size=28)},
    "Both must be the same": {"classes": ("a", "b", "c"), "source": True},
}


@pytest.mark.parametrize("message", REFUSED)
def test_settings_that_do_not_fit_are_refused(
    message: str, tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    path = save_as("keras", strokes_model(), tmp_path)
    with pytest.raises((ConfigError, DataError), match=message):
        run_import(path, tiny_domains, tmp_path / "imported", **REFUSED[message])  # type: ignore[arg-type]
    assert not (tmp_path / "imported").exists()


def test_layers_that_bring_code_or_are_unknown_are_refused(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    head = [keras.layers.Lambda(lambda x: x), keras.layers.Dense(3, activation="softmax")]
    path = save_as("keras", strokes_model(head), tmp_path)
    with pytest.raises(DataError, match="register_keras_serializable"):
        run_import(path, tiny_domains, tmp_path / "imported")


PLUGIN = """
import keras

@keras.saving.register_keras_serializable("outside")
class Doubling(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

def network(settings, images):
    return keras.layers.Flatten()(images)
"""


def test_layers_of_a_plug_in_that_the_configuration_names_are_known(
    tiny_domains: TinyDomains, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_layers.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("outside_layers")
    head = [module.Doubling(), keras.layers.Dense(3, activation="softmax")]
    original = strokes_model(head)
    path = save_as("keras", original, tmp_path)
    images = target_images(tiny_domains)
    expected = np.asarray(original(images, training=False))
    # As in another process, which has not imported the module.
    del sys.modules["outside_layers"]
    keras.saving.get_custom_objects().pop("outside>Doubling")
    with pytest.raises(DataError, match="register_keras_serializable"):
        run_import(path, tiny_domains, tmp_path / "unknown")
    network = NetworkSettings(name="outside_layers:network", image_size=SIZE)
    model = run_import(path, tiny_domains, tmp_path / "imported", network=network)
    np.testing.assert_allclose(imported_probabilities(model, images), expected, atol=1e-5)


def test_a_model_that_does_not_end_in_a_dense_layer_is_refused(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    path = save_as("keras", strokes_model([keras.layers.ReLU()]), tmp_path)
    with pytest.raises(DataError, match=r"a last layer Dense.*found ReLU"):
        run_import(path, tiny_domains, tmp_path / "imported")
