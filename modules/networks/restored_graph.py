"""A network from a saved model's own graph, without the code that built it."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from modules.core.errors import ConfigError, DataError, one_line
from modules.core.nearest_name import nearest_name_hint
from modules.core.untracked import Untracked
from modules.networks.layer_names import layers_of
from modules.networks.network import FEATURES, LOGITS

# Attributes of the exported module that make it trainable; `modules.models.serving` writes them.
NETWORK_VARIABLES = "network_variables"
NETWORK_STATE = "network_state"
TRAINING_FORWARD = "training_forward"
INFERENCE_FORWARD = "inference_forward"


class RestoredGraph(tf.Module):
    """A `Network` from a SavedModel of `modules.models.serving.export_saved_model`.

    It trains like one that was built from code: gradients flow, any Keras optimizer takes the
    variables, and a `tf.train.Checkpoint` saves them.

    Args:
        directory: The SavedModel, for instance <Model artifact>/Format-Serving.
        frozen_layers: Layers, or blocks of layers, whose variables are not trained. Other behaviour
            in training, such as dropout, is part of the graph and stays.

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
        # Untracked, so that a checkpoint of this object holds variables and nothing else.
        self._train = Untracked(getattr(saved, TRAINING_FORWARD))
        self._infer = Untracked(getattr(saved, INFERENCE_FORWARD))
        forward = self._infer.value.get_concrete_function()
        (images,), _ = forward.structured_input_signature
        self._image_shape = Untracked(tuple(images.shape.as_list()[1:]))
        self.num_classes = int(forward.structured_outputs[LOGITS].shape[-1])
        self.feature_dim = int(forward.structured_outputs[FEATURES].shape[-1])

    def __call__(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Runs the graph, as `Network` says."""
        forward = self._train if training else self._infer
        return dict(forward.value(images))

    def to_float32(self) -> RestoredGraph:
        """Returns itself: saved graphs compute in float32."""
        return self

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of an input image: S, S, C."""
        return self._image_shape.value

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
    known = sorted({name.rpartition("/")[0] for name in variables})
    for layer in layers:
        found = layers_of(layer, known)
        if not found:
            raise ConfigError(
                f"transfer.frozen_layers: the saved graph has no layer '{layer}' with variables"
                f"{nearest_name_hint(layer, known)}"
            )
        frozen |= {name for name in variables if name.rpartition("/")[0] in found}
    return frozenset(frozen)
