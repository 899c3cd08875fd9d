"""A trained network as a SavedModel that holds its own preprocessing."""

from __future__ import annotations

import contextlib
import functools
import uuid
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.core.errors import ConfigError, DataError
from modules.core.example_features import IMAGE
from modules.core.untracked import Untracked
from modules.models.served_classes import ServedClasses
from modules.models.signature import (
    CLASS_NAME,
    EXAMPLES,
    FEATURES_SIGNATURE,
    PREDICT_IMAGES,
    PREDICTED,
    PROBABILITIES,
    SERVING_DEFAULT,
    SERVING_SOURCE,
)
from modules.networks.network import LOGITS, Network, tf_variables

# AutoGraph would spend seconds on rewriting Keras and TensorFlow Transform, to no effect.
_function = functools.partial(tf.function, autograph=False)
_EXAMPLES = tf.TensorSpec([None], tf.string, name=EXAMPLES)
_IMAGES = tf.TensorSpec([None, None, None, None], tf.uint8, name="images")


class ServingModule(tf.Module):
    """The object to save: signatures, the trainable graph and the variables that both share.

    Args:
        network: A float32 network.
        transform_graph_dir: A TransformGraph artifact.
        classes: Of the network's logits and of the signatures.
    """

    def __init__(
        self,
        network: Network,
        transform_graph_dir: str,
        classes: ServedClasses,
    ) -> None:
        super().__init__(name="serving")
        # Plain tf.Variables: the session loader of TF1 does not find Keras 3's wrappers of them.
        self.network_variables = network.named_variables
        self.network_state = _state(network, self.network_variables)
        transform_output = tft.TFTransformOutput(transform_graph_dir)
        # Tracking it would trace a Keras 2 layer, for seconds, although the graph holds constants
        # only. With a preprocessing_fn that has vocabularies saving fails with an error.
        self._transform = Untracked(transform_output.transform_features_layer())
        self._image_spec = _image_spec(transform_output, transform_graph_dir)
        self._classes = classes
        # Its variables are tracked already, by name.
        self._network = Untracked(network)
        inputs = [tf.TensorSpec([None, *network.image_shape], tf.float32, name="images")]
        self.training_forward = _function(self._train, input_signature=inputs)
        self.inference_forward = _function(self._infer, input_signature=inputs)
        # As an attribute it would be saved, so models that have no such signature do without.
        if classes.source:
            self.serving_source = _function(self._classify_source, input_signature=[_EXAMPLES])

    @_function(input_signature=[_EXAMPLES])
    def serving_default(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies serialized tf.Examples, [N], by their image feature alone."""
        return self._classify(_parse_images(examples), self._classes.default)

    @_function(input_signature=[_IMAGES])
    def predict_images(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies raw pixels, uint8 [N, H, W, C]."""
        # As PNG, because that is what the TransformGraph gets from an example.
        return self._classify(tf.io.encode_png(images, compression=0), self._classes.default)

    @_function(input_signature=[_EXAMPLES])
    def features(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes features and logits of serialized tf.Examples, [N]."""
        outputs = self._infer(self._preprocess(_parse_images(examples)))
        return {**outputs, LOGITS: self._answered(outputs[LOGITS], self._classes.default)}

    def _classify_source(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._classify(_parse_images(examples), self._classes.source)

    def _classify(self, encoded: tf.Tensor, answered: Sequence[str]) -> dict[str, tf.Tensor]:
        logits = self._answered(self._infer(self._preprocess(encoded))[LOGITS], answered)
        label = tf.argmax(logits, axis=-1, output_type=tf.int64)
        return {
            PROBABILITIES: tf.nn.softmax(logits),
            PREDICTED: label,
            CLASS_NAME: tf.gather(tf.constant(list(answered)), label),
        }

    def _answered(self, logits: tf.Tensor, answered: Sequence[str]) -> tf.Tensor:
        columns = self._classes.columns(answered)
        return logits if columns is None else tf.gather(logits, columns, axis=-1)

    def _preprocess(self, encoded: tf.Tensor) -> tf.Tensor:
        raw = {IMAGE: _as_raw_feature(encoded, self._image_spec)}
        return self._transform.value(raw)[IMAGE]

    def _infer(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._network.value(images, training=False)

    def _train(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._network.value(images, training=True)


def export_saved_model(
    network: Network,
    transform_graph_dir: str,
    classes: ServedClasses | Sequence[str],
    directory: str,
) -> None:
    """Writes a network with its preprocessing as a SavedModel, whole or not at all.

    The SavedModel computes in float32, whatever the network was trained in. Its signatures are
    `serving_default`(examples: string [N]) and `predict_images`(images: uint8 [N, H, W, C]) ->
    `{"probabilities": f32 [N, K], "label": i64 [N], "class_name": string [N]}`, and
    `features`(examples: string [N]) -> `{"features": f32 [N, D], "logits": f32 [N, K]}`.
    `modules.networks.restored_graph.RestoredGraph` makes it trainable again.

    Args:
        transform_graph_dir: A TransformGraph artifact, saved inside the SavedModel.
        classes: K class names, one for each logit; or also which of them the signatures answer.
            Then `serving_source` answers the source's, as `serving_default` does the target's.
        directory: Folder to write, such as <Model artifact>/Format-Serving; replaced if it exists.

    Raises:
        ConfigError: The network does not predict that many classes.
        DataError: The TransformGraph does not take an image.
    """
    if not isinstance(classes, ServedClasses):
        classes = ServedClasses.all_of(classes)
    if network.num_classes != len(classes.network):
        raise ConfigError(
            f"The network predicts {network.num_classes} classes, but {len(classes.network)} are "
            "named. Choose 'restore: rebuild' for other classes."
        )
    module = ServingModule(network.to_float32(), transform_graph_dir, classes)
    signatures = {
        SERVING_DEFAULT: module.serving_default,
        PREDICT_IMAGES: module.predict_images,
        FEATURES_SIGNATURE: module.features,
    }
    if classes.source:
        signatures[SERVING_SOURCE] = module.serving_source
    partial = f"{directory.rstrip('/')}.partial-{uuid.uuid4().hex}"
    try:
        tf.saved_model.save(module, partial, signatures=signatures)
        if tf.io.gfile.exists(directory):
            tf.io.gfile.rmtree(directory)
        tf.io.gfile.rename(partial, directory)
    except BaseException:
        # What went wrong above is what the caller needs to hear.
        with contextlib.suppress(tf.errors.OpError):
            tf.io.gfile.rmtree(partial)
        raise


def _state(network: Network, weights: dict[str, tf.Variable]) -> list[tf.Variable]:
    handles = {id(weight) for weight in weights.values()}
    return [variable for variable in tf_variables(network.variables) if id(variable) not in handles]


def _image_spec(transform_output: tft.TFTransformOutput, transform_graph_dir: str) -> Any:
    specs = transform_output.raw_feature_spec()
    spec = specs.get(IMAGE)
    if not isinstance(spec, (tf.io.FixedLenFeature, tf.io.VarLenFeature)):
        raise DataError(
            transform_graph_dir,
            expected=f"a TransformGraph with a feature '{IMAGE}' of fixed or variable length",
            found=f"{spec}" if spec else f"the features {', '.join(sorted(specs)) or 'none'}",
            fix="Run Transform with the preprocessing_fn of modules.preprocessing.",
        )
    return spec


def _parse_images(examples: tf.Tensor) -> tf.Tensor:
    spec = {IMAGE: tf.io.FixedLenFeature([], tf.string)}
    return tf.io.parse_example(examples, spec)[IMAGE]


def _as_raw_feature(encoded: tf.Tensor, spec: Any) -> tf.Tensor | tf.SparseTensor:
    if isinstance(spec, tf.io.VarLenFeature):
        return tf.sparse.from_dense(encoded[:, tf.newaxis])
    return tf.reshape(encoded, [-1, *spec.shape])
