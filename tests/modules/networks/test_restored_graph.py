"""Training on from a saved model's graph."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.core.errors import ConfigError, DataError
from modules.core.registry import Registry
from modules.models.checkpointing import (
    save_network_checkpoint,
    warm_start_network,
)
from modules.models.serving import export_saved_model
from modules.networks import registry as networks
from modules.networks.network import Network
from modules.networks.registry import BuiltNetwork, build_network
from modules.networks.restored_graph import RestoredGraph
from modules.settings import NetworkSettings
from tests.modules.tiny_transform_graph import SIZE, encode

SETTINGS = NetworkSettings(image_size=SIZE)
DROPOUT = NetworkSettings(image_size=SIZE, dropout=0.5)
CLASSES = ["zero", "one", "two"]


def _network(settings: NetworkSettings = SETTINGS) -> BuiltNetwork:
    keras.utils.set_random_seed(1)
    return build_network(settings, len(CLASSES))


def _images() -> tf.Tensor:
    return tf.random.stateless_uniform([6, SIZE, SIZE, 1], seed=(0, 0))


def _train(network: Network, steps: int = 3) -> list[float]:
    """Trains in place; gives the losses."""
    optimizer = keras.optimizers.Adam(1e-3)
    variables = network.trainable_variables
    optimizer.build(variables)
    images, labels = _images(), tf.constant([0, 1, 2, 0, 1, 2])

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = network(images, training=True)["logits"]
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return [float(step()) for _ in range(steps)]


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory, tiny_transform_graph: str) -> str:
    directory = str(tmp_path_factory.mktemp("model") / "Format-Serving")
    export_saved_model(_network(), tiny_transform_graph, CLASSES, directory)
    return directory


@pytest.fixture(scope="module")
def saved_model_with_dropout(
    tmp_path_factory: pytest.TempPathFactory, tiny_transform_graph: str
) -> str:
    directory = str(tmp_path_factory.mktemp("dropout") / "Format-Serving")
    export_saved_model(_network(DROPOUT), tiny_transform_graph, CLASSES, directory)
    return directory


def test_it_computes_what_the_saved_network_did(saved_model: str) -> None:
    restored, network = RestoredGraph(saved_model), _network()
    for training in (False, True):
        outputs, expected = restored(_images(), training), network(_images(), training=training)
        assert set(outputs) == {"features", "logits"}
        for name, value in outputs.items():
            np.testing.assert_allclose(value, expected[name], atol=1e-5)
    for sizes in (restored, network):
        assert (sizes.num_classes, sizes.feature_dim) == (3, 1024)
        assert sizes.image_shape == (SIZE, SIZE, 1)


def test_it_needs_no_code_of_the_network(saved_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "NETWORKS", Registry("network.name", "network", {}))
    losses = _train(RestoredGraph(saved_model))
    assert losses[-1] < losses[0]


def test_training_it_equals_training_the_rebuilt_network(saved_model: str) -> None:
    restored, network = RestoredGraph(saved_model), _network()
    np.testing.assert_allclose(_train(restored), _train(network), rtol=1e-4)
    np.testing.assert_allclose(
        restored(_images())["logits"], network(_images())["logits"], atol=1e-3
    )


def test_its_weights_have_the_networks_names(saved_model_with_dropout: str) -> None:
    restored = RestoredGraph(saved_model_with_dropout)
    expected = _network(DROPOUT).named_variables
    assert set(restored.named_variables) == set(expected)
    for name, variable in restored.named_variables.items():
        np.testing.assert_array_equal(variable, expected[name])
    assert len(restored.trainable_variables) == len(expected)
    assert len(restored.variables) == len(expected) + 1  # the state of dropout's seed


def test_dropout_is_active_in_training_only_and_draws_anew(saved_model_with_dropout: str) -> None:
    restored = RestoredGraph(saved_model_with_dropout)
    inference = restored(_images())["logits"]
    np.testing.assert_array_equal(restored(_images())["logits"], inference)
    one, two = (restored(_images(), training=True)["logits"] for _ in range(2))
    assert not np.allclose(one, inference)
    assert not np.allclose(one, two)


def test_frozen_layers_stay_while_the_others_learn(saved_model: str) -> None:
    restored = RestoredGraph(saved_model, frozen_layers=["conv1", "features"])
    before = {name: variable.numpy() for name, variable in restored.named_variables.items()}
    _train(restored)
    for name, variable in restored.named_variables.items():
        frozen = name.startswith(("conv1/", "features/"))
        assert np.array_equal(variable, before[name]) == frozen, name


def test_freezing_a_layer_that_the_graph_does_not_have_is_refused(saved_model: str) -> None:
    with pytest.raises(ConfigError, match="no layer 'conv' with variables; did you mean 'conv"):
        RestoredGraph(saved_model, frozen_layers=["conv"])


def test_a_checkpoint_of_it_warm_starts_a_rebuilt_network_and_the_other_way_round(
    saved_model: str, tmp_path: Path
) -> None:
    trained = RestoredGraph(saved_model)
    _train(trained)
    save_network_checkpoint(trained, str(tmp_path), {})
    rebuilt, restored = _network(), RestoredGraph(saved_model)
    for network in (rebuilt, restored):
        report = warm_start_network(network, str(tmp_path))
        assert len(report.restored) == 8
        np.testing.assert_allclose(
            network(_images())["logits"], trained(_images())["logits"], atol=1e-5
        )


def test_a_rolling_checkpoint_restores_its_weights_and_the_state_of_dropout(
    saved_model_with_dropout: str, tmp_path: Path
) -> None:
    trained = RestoredGraph(saved_model_with_dropout)
    _train(trained)
    path = tf.train.Checkpoint(network=trained).write(str(tmp_path / "checkpoint"))
    resumed = RestoredGraph(saved_model_with_dropout)
    tf.train.Checkpoint(network=resumed).read(path).assert_consumed()
    np.testing.assert_allclose(
        resumed(_images(), training=True)["logits"],
        trained(_images(), training=True)["logits"],
        atol=1e-5,
    )


def test_it_is_exported_restored_and_served_again(
    saved_model: str, tiny_transform_graph: str, tmp_path: Path
) -> None:
    trained = RestoredGraph(saved_model)
    _train(trained)
    directory = str(tmp_path / "model")
    export_saved_model(trained, tiny_transform_graph, CLASSES, directory)

    again = RestoredGraph(directory)
    np.testing.assert_allclose(again(_images())["logits"], trained(_images())["logits"], atol=1e-5)
    assert list(again.named_variables) == list(trained.named_variables)

    features = tf.train.Features()
    features.feature["image"].bytes_list.value.append(encode(np.eye(8, dtype=np.uint8)[..., None]))
    example = tf.train.Example(features=features).SerializeToString()
    serve = tf.saved_model.load(directory).signatures["serving_default"]
    expected = serve(examples=tf.constant([example]))["probabilities"].numpy()
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], directory)
        signature = graph.signature_def["serving_default"]
        found = session.run(
            signature.outputs["probabilities"].name,
            {signature.inputs["examples"].name: [example]},
        )
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_cannot_be_exported_for_other_classes(
    saved_model: str, tiny_transform_graph: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="predicts 3 classes, but 2 are named"):
        export_saved_model(
            RestoredGraph(saved_model), tiny_transform_graph, ["a", "b"], str(tmp_path)
        )


def test_a_folder_without_a_saved_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a SavedModel"):
        RestoredGraph(str(tmp_path / "missing"))


def test_a_saved_model_without_a_trainable_graph_is_refused(tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(DataError, match="one without network_variables, network_state"):
        RestoredGraph(str(tmp_path))
