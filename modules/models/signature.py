"""The signatures of exported models, and how one of them is loaded and called."""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf

from modules.core.errors import DataError

SERVING_DEFAULT = "serving_default"
SERVING_SOURCE = "serving_source"
PREDICT_IMAGES = "predict_images"
FEATURES_SIGNATURE = "features"

EXAMPLES = "examples"
PROBABILITIES = "probabilities"
PREDICTED = "label"
CLASS_NAME = "class_name"
CLASSIFIER_OUTPUTS = (PROBABILITIES, PREDICTED, CLASS_NAME)


class Signature:
    """A signature of a SavedModel that takes serialized tf.Examples.

    Args:
        path: Folder of the SavedModel.
        name: Such as `serving_default`.
        outputs: What it must give at least.
        fix: What the user can do about a model that does not fit.

    Raises:
        DataError: There is no SavedModel, or it has no such signature.
    """

    def __init__(self, path: str, name: str, outputs: Iterable[str], fix: str) -> None:
        self._path = path
        self._fix = fix
        try:
            # Kept, since a signature does not keep its model's variables alive.
            self._model = tf.saved_model.load(path)
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise self.refusal("a SavedModel", f"none: {error}") from error
        signatures = self._model.signatures
        if name not in signatures:
            raise self.refusal(f"a signature '{name}'", f"{sorted(signatures) or 'none'}")
        self._call = signatures[name]
        takes = sorted(self._call.structured_input_signature[1])
        gives = sorted(self._call.structured_outputs)
        if takes != [EXAMPLES]:
            raise self.refusal(f"'{name}' to take '{EXAMPLES}'", f"{takes}")
        if not set(outputs) <= set(gives):
            raise self.refusal(f"'{name}' to give {sorted(outputs)}", f"{gives}")

    def __call__(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Calls the signature with serialized tf.Examples, string [N]."""
        outputs: dict[str, tf.Tensor] = self._call(**{EXAMPLES: examples})
        return outputs

    def refusal(self, expected: str, found: str) -> DataError:
        """Makes the error that refuses the model."""
        return DataError(self._path, expected=expected, found=found, fix=self._fix)
