"""A saved model's own graph as a trainable network, without the code that built it."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from modules.core.errors import ConfigError, DataError, one_line
from modules.core.nearest_name import nearest_name_hint
from modules.networks.registry import FEATURES, LOGITS

# Attributes of the exported module that make it trainable; `modules.models.serving` writes them.
NETWORK_VARIABLES = "network_variables"
NETWORK_STATE = "network_state"
TRAINING_FORWARD = "training_forward"
INFERENCE_FORWARD = "inference_forward"


class RestoredGraph(tf.Module):
    """Makes a SavedModel of `modules.models.serving.export_saved_model` trainable again.

    Calls and variables are like those of a network that was rebuilt from code: gradients flow, any
    Keras optimizer takes the variables, and a `tf.train.Checkpoint` saves them.

    Args:
        directory: The SavedModel, for instance <Model artifact>/Format-Serving.
        frozen_layers: Layers, or scopes of layers, whose variables are not trained. What else a
            layer does while training, such as dropout, is part of the graph and stays.

    Raises:
        DataError: The SavedModel is missing, unreadable or carries no trainable graph.
        ConfigError: A frozen layer has no variables in the graph.

    Example:
        network = RestoredGraph("pretrained/Format-Serving", frozen_layers=["conv1"])
        with tf.GradientTape() as tape:
            loss = loss_function(labels, network(images, training=True)["logits"])
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables))
    """

    def __init__(self, directory: str, frozen_layers: Sequence[str] = ()) -> None:
        super().__init__(name="restored_graph")
        saved = _load(directory)
        self.named_variables: dict[str, tf.Variable] = dict(getattr(saved, NETWORK_VARIABLES))
        self._state = list(getattr(saved, NETWORK_STATE))
        self._frozen = _frozen_names(frozen_layers, self.named_variables)
        # Behind a function, so that a checkpoint of this object holds variables and nothing else.
        forwards = {
            True: getattr(saved, TRAINING_FORWARD),
            False: getattr(saved, INFERENCE_FORWARD),
        }
        self._forward = lambda training: forwards[training]
        outputs = forwards[False].get_concrete_function().structured_outputs
        self.num_classes = int(outputs[LOGITS].shape[-1])
        self.feature_dim = int(outputs[FEATURES].shape[-1])

    def __call__(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Runs the graph.

        Args:
            images: float32 [N, S, S, C], as the TransformGraph gives them.
            training: Whether dropout and the like are active.

        Returns:
            `{"features": f32 [N, D], "logits": f32 [N, K]}`.
        """
        return dict(self._forward(bool(training))(images))

    @property
    def variables(self) -> list[tf.Variable]:
        """Weights by order of name, then state such as the seeds of dropout."""
        return [*self.named_variables.values(), *self._state]

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """Weights that training changes: not frozen, and trainable in the saved network."""
        return [
            variable
            for name, variable in self.named_variables.items()
            if variable.trainable and name not in self._frozen
        ]


def _load(directory: str) -> tf.Module:
    try:
        saved = tf.saved_model.load(directory)
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise DataError(
            directory,
            expected="a SavedModel",
            found=one_line(error),
            fix="Run the pretraining again, or choose 'restore: rebuild'.",
        ) from error
    needed = (NETWORK_VARIABLES, NETWORK_STATE, TRAINING_FORWARD, INFERENCE_FORWARD)
    absent = [name for name in needed if not hasattr(saved, name)]
    if absent:
        raise DataError(
            directory,
            expected="a SavedModel that carries its trainable graph",
            found=f"one without {', '.join(absent)}",
            fix="Export it with modules.models.serving.export_saved_model, or choose "
            "'restore: rebuild'.",
        )
    return saved


def _frozen_names(layers: Sequence[str], variables: dict[str, tf.Variable]) -> frozenset[str]:
    frozen: set[str] = set()
    for layer in layers:
        names = {name for name in variables if name.startswith(f"{layer}/")}
        if not names:
            known = sorted({name.rpartition("/")[0] for name in variables})
            raise ConfigError(
                f"transfer.frozen_layers: the saved graph has no layer '{layer}' with variables"
                f"{nearest_name_hint(layer, known)}"
            )
        frozen |= names
    return frozenset(frozen)
