"""Reads a SavedModel that was made elsewhere: its inference graph, made trainable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from modules.core.errors import DataError, one_line
from modules.core.untracked import Untracked
from modules.models.imported.found import FoundModel
from modules.models.imported.original import Original, OutputForm, square_shape
from modules.models.signature import SERVING_DEFAULT
from modules.networks.network import FEATURES, LOGITS
from modules.settings import NetworkSettings, SavedGraphSettings

_KERNEL, _BIAS = f"{LOGITS}/kernel", f"{LOGITS}/bias"
_SUMS = ("BiasAdd", "Add", "AddV2")
_FIX = (
    "Export a model whose serving_default takes float images [N, S, S, C] and ends in a dense "
    "layer of logits, perhaps with a softmax; or save it as a .keras file."
)


class SavedGraph(tf.Module):
    """A `Network` from a SavedModel's inference graph: dropout and batch statistics stay frozen.

    Args:
        graph: The graph up to the features. Its weights are constants, which are replaced by the
            variables.
        images: Name of the graph's input tensor.
        features: Name of the tensor of features, [N, D].
        weights: The network's variables by the names of these constants.
        named_variables: All of the network's variables, those of the logits included.
        image_shape: S, S, C.
    """

    def __init__(
        self,
        graph: tf.compat.v1.GraphDef,
        images: str,
        features: str,
        weights: Mapping[str, tf.Variable],
        named_variables: Mapping[str, tf.Variable],
        image_shape: tuple[int, int, int],
    ) -> None:
        super().__init__(name="saved_graph")
        self.named_variables = dict(named_variables)
        self._graph = Untracked(graph)
        self._weights = Untracked(dict(weights))
        self._places = Untracked((images, features))
        self._image_shape = Untracked(image_shape)
        shape = self.named_variables[_KERNEL].shape
        self.feature_dim, self.num_classes = int(shape[0]), int(shape[1])

    def __call__(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Runs the graph, as `Network` says; training changes nothing about it."""
        del training
        given, wanted = self._places.value
        replaced = {f"{name}:0": value.read_value() for name, value in self._weights.value.items()}
        (features,) = tf.graph_util.import_graph_def(
            self._graph.value,
            input_map={given: images, **replaced},
            return_elements=[wanted],
            name="",
        )
        features = tf.ensure_shape(features, [None, self.feature_dim])
        logits = tf.matmul(features, self.named_variables[_KERNEL]) + self.named_variables[_BIAS]
        return {FEATURES: features, LOGITS: logits}

    @property
    def variables(self) -> Sequence[tf.Variable]:
        """The weights, by order of name."""
        return list(self.named_variables.values())

    @property
    def trainable_variables(self) -> Sequence[tf.Variable]:
        """The weights that were trainable in the saved model."""
        return [variable for variable in self.variables if variable.trainable]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of an input image: S, S, C."""
        return self._image_shape.value

    def to_float32(self) -> SavedGraph:
        """Returns itself: it computes as it was saved."""
        return self


def read_saved_model(found: FoundModel, network: NetworkSettings) -> Original:
    """Reads a SavedModel's `serving_default`, and splits it into features and logits.

    Args:
        found: A SavedModel's folder.
        network: Its image size counts where the model takes any.

    Raises:
        DataError: It cannot be loaded, or is no classifier of images that ends in a dense layer.
    """
    path = found.path
    try:
        loaded = tf.saved_model.load(path)
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise _refusal(path, "a SavedModel that loads", one_line(error)[:300]) from error
    signature = loaded.signatures.get(SERVING_DEFAULT)
    if signature is None:
        names = sorted(loaded.signatures) or "none"
        raise _refusal(path, f"a signature '{SERVING_DEFAULT}'", f"{names}")
    inputs = list(signature.structured_input_signature[1].items())
    takes = [f"{name}: {spec.dtype.name} {spec.shape}" for name, spec in inputs]
    if len(inputs) != 1 or inputs[0][1].dtype != tf.float32 or inputs[0][1].shape.rank != 4:
        raise _refusal(path, f"'{SERVING_DEFAULT}' to take float images [N, S, S, C]", f"{takes}")
    name, spec = inputs[0]
    size, channels = square_shape(path, spec.shape.as_list()[1:], network)
    answers = [key for key, each in signature.structured_outputs.items() if each.shape.rank == 2]
    if len(answers) != 1:
        gives = sorted(signature.structured_outputs)
        raise _refusal(path, f"'{SERVING_DEFAULT}' to give one output [N, K]", f"{gives}")
    frozen = convert_variables_to_constants_v2(signature, lower_control_flow=False)
    place = sorted(signature.structured_outputs).index(answers[0])
    head = _Head(path, frozen.graph.as_graph_def(), frozen.outputs[place].op.name)
    constants = _variables_by_constant(loaded, signature)
    named, weights = _own_variables(head, constants)
    graph = SavedGraph(
        head.graph, frozen.inputs[0].name, head.features, weights, named, (size, size, channels)
    )
    settings = SavedGraphSettings(
        name="saved_graph", image_size=size, channels=channels, graph=path
    )

    def answer(images: np.ndarray) -> np.ndarray:
        return signature(**{name: tf.constant(images)})[answers[0]].numpy()

    return Original(found.kind, path, graph, settings, answer=answer, form=head.form)


class _Head:
    """The end of a frozen graph: features, the dense layer's weights, and what it gives.

    Args:
        path: Of the model, for messages.
        graph: The graph, with constants for weights.
        output: Name of the node that gives the answers.
    """

    def __init__(self, path: str, graph: tf.compat.v1.GraphDef, output: str) -> None:
        self.graph = graph
        self._nodes = {node.name: node for node in graph.node}
        self.form: OutputForm = "logits"
        node = self._behind_identities(output)
        if node.op == "Softmax":
            self.form, node = "softmax", self._behind_identities(node.input[0])
        self.bias: str | None = None
        if node.op in _SUMS:
            self.bias = self._behind_identities(node.input[1]).name
            node = self._behind_identities(node.input[0])
        transposed = node.op == "MatMul" and (
            node.attr["transpose_a"].b or node.attr["transpose_b"].b
        )
        if node.op != "MatMul" or transposed:
            raise _refusal(path, "a dense layer of logits at its end", f"{node.op} '{node.name}'")
        self.kernel = self._behind_identities(node.input[1]).name
        given = node.input[0]
        self.features = given if ":" in given else f"{given}:0"
        for name in filter(None, (self.kernel, self.bias)):
            if self._nodes[name].op != "Const":
                raise _refusal(path, "weights of the last layer as variables", f"{name}")

    def value(self, name: str) -> np.ndarray:
        """Returns the value of a constant."""
        return tf.make_ndarray(self._nodes[name].attr["value"].tensor)

    def _behind_identities(self, name: str) -> Any:
        node = self._nodes[name.partition(":")[0]]
        while node.op == "Identity":
            node = self._nodes[node.input[0].partition(":")[0]]
        return node


def _variables_by_constant(loaded: Any, signature: Any) -> dict[str, tf.Variable]:
    """Finds the variable that each constant of the frozen graph stands for."""
    handles = {id(variable.handle): variable for variable in loaded.variables}
    return {
        inner.name.partition(":")[0]: handles[id(outer)]
        for outer, inner in signature.graph.captures
        if id(outer) in handles
    }


def _own_variables(
    head: _Head, constants: Mapping[str, tf.Variable]
) -> tuple[dict[str, tf.Variable], dict[str, tf.Variable]]:
    """Makes variables of the network's own: all by name, and those of the graph by constant."""
    of_logits = {head.kernel: _KERNEL, head.bias: _BIAS}
    named: dict[str, tf.Variable] = {}
    weights: dict[str, tf.Variable] = {}
    for constant, variable in constants.items():
        if constant in of_logits or not variable.dtype.is_floating:
            continue
        name = variable.name.partition(":")[0]
        if name in named or "/" not in name:
            name = f"{name}/{constant}"
        named[name] = weights[constant] = tf.Variable(
            variable.read_value(), trainable=variable.trainable, name=name.replace("/", "_")
        )
    kernel = head.value(head.kernel)
    bias = head.value(head.bias) if head.bias else np.zeros(kernel.shape[-1], kernel.dtype)
    named[_KERNEL] = tf.Variable(kernel, name="logits_kernel")
    named[_BIAS] = tf.Variable(bias, name="logits_bias")
    return named, weights


def _refusal(path: str, expected: str, found: str) -> DataError:
    return DataError(path, expected=expected, found=found, fix=_FIX)
