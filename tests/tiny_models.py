"""Tiny SavedModels whose answers a test decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tfx.types import standard_artifacts


class _ScriptedModel(tf.Module):
    """Answers what stands in the example's `image`: a label for each arm, such as b"3,0,3"."""

    def __init__(self, column: int, class_names: Sequence[str], num_outputs: int) -> None:
        super().__init__()
        self.column = tf.Variable(column)
        self.class_names = tf.constant(list(class_names))
        self.num_outputs = num_outputs

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {"image": tf.io.FixedLenFeature([], tf.string)}
        script = tf.io.parse_example(examples, spec)["image"]
        columns = tf.strings.to_number(
            tf.strings.split(script, ",").to_tensor(shape=[None, 3]), tf.int64
        )
        label = tf.gather(columns, self.column, axis=1)
        return {
            "probabilities": tf.one_hot(label, self.num_outputs) * 0.75 + 0.25 / self.num_outputs,
            "label": label,
            "class_name": tf.gather(self.class_names, label),
        }


def save_scripted_model(
    folder: Path,
    column: int,
    class_names: Sequence[str],
    *,
    signature: str = "serving_default",
    num_outputs: int | None = None,
) -> standard_artifacts.Model:
    """A Model artifact that gives the label in one column of the example's script."""
    model = _ScriptedModel(column, class_names, num_outputs or len(class_names))
    tf.saved_model.save(model, str(folder / "Format-Serving"), signatures={signature: model.serve})
    artifact = standard_artifacts.Model()
    artifact.uri = str(folder)
    return artifact
