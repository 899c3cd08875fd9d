"""A trained model as its users see it: a SavedModel that answers serialized examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import EXAMPLE_ID, LABEL

_SIGNATURE = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
_INPUT = "examples"
_PROBABILITIES = "probabilities"
_LABEL = "label"
_CLASS_NAME = "class_name"

_BATCH_SIZE = 512
_TENSORFLOW_NOISE = re.compile(r"\{\{.*?\}\} | \[Op:.*", re.DOTALL)


@dataclass(frozen=True)
class Answers:
    """A model's answers to one split, in the order of its files and records.

    Args:
        example_ids: Of the N examples.
        labels: True classes, int64 [N].
        predicted: Predicted classes, int64 [N].
        confidence: Probability of the predicted class, float32 [N].
    """

    example_ids: list[str]
    labels: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]

    @classmethod
    def concatenate(cls, parts: Sequence[Answers]) -> Answers:
        """Joins answers to consecutive parts of a split; no part gives no answers."""
        empty = cls([], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        joined = [empty, *parts]
        return cls(
            [example_id for part in joined for example_id in part.example_ids],
            np.concatenate([part.labels for part in joined]),
            np.concatenate([part.predicted for part in joined]),
            np.concatenate([part.confidence for part in joined]),
        )


class ServedModel:
    """Runs the `serving_default` signature of a SavedModel.

    Args:
        path: Folder of the SavedModel.
        class_names: The K names, in label order, that it must have been trained with.

    Raises:
        DataError: There is no SavedModel, or its signature is not the pipeline's.
    """

    def __init__(self, path: str, class_names: Sequence[str]) -> None:
        self._path = path
        self._class_names = np.array([name.encode() for name in class_names], dtype=object)
        try:
            # The signature does not keep the model's variables alive.
            self._model = tf.saved_model.load(path)
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise self._error("a SavedModel", f"none: {error}") from error
        if _SIGNATURE not in self._model.signatures:
            raise self._error(
                f"a signature '{_SIGNATURE}'", f"{sorted(self._model.signatures) or 'none'}"
            )
        self._signature = self._model.signatures[_SIGNATURE]
        inputs = sorted(self._signature.structured_input_signature[1])
        outputs = sorted(self._signature.structured_outputs)
        if inputs != [_INPUT]:
            raise self._error(f"'{_SIGNATURE}' to take '{_INPUT}'", f"{inputs}")
        if not {_PROBABILITIES, _LABEL, _CLASS_NAME}.issubset(outputs):
            raise self._error(
                f"'{_SIGNATURE}' to give '{_PROBABILITIES}', '{_LABEL}' and '{_CLASS_NAME}'",
                f"{outputs}",
            )

    def answer(self, files: Sequence[str]) -> Answers:
        """Answers the examples of files, batch by batch.

        Args:
            files: Gzipped TFRecords of tf.train.Examples; read in sorted order.

        Returns:
            The answers and the truth; none where the files are empty.

        Raises:
            DataError: The files hold broken examples or a label outside the classes; or the model
                has other classes.
        """
        batches = []
        try:
            for examples, truth in _batches(files):
                predicted, confidence = self._predict(examples)
                example_ids = [value.decode() for value in truth[EXAMPLE_ID].numpy()]
                batches.append(Answers(example_ids, truth[LABEL].numpy(), predicted, confidence))
        except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
            raise DataError(
                _folder(files),
                expected="examples that the model can read",
                found=_TENSORFLOW_NOISE.sub("", error.message),
                fix="Run the pipeline with --fresh to ingest the data again.",
            ) from error
        answers = Answers.concatenate(batches)
        _check_labels(answers.labels, len(self._class_names), files)
        return answers

    def _predict(
        self, examples: tf.Tensor
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        outputs = self._signature(**{_INPUT: examples})
        probabilities = outputs[_PROBABILITIES].numpy()
        predicted = outputs[_LABEL].numpy().astype(np.int64)
        num_classes = len(self._class_names)
        if probabilities.shape != (len(predicted), num_classes):
            raise self._error(
                f"probabilities of {num_classes} classes", f"shape {probabilities.shape}"
            )
        names = outputs[_CLASS_NAME].numpy()
        different = np.flatnonzero(names != self._class_names[predicted])
        if different.size:
            label = predicted[different[0]]
            raise self._error(
                f"class {label} to be '{self._class_names[label].decode()}'",
                f"'{names[different[0]].decode()}'",
            )
        return predicted, probabilities[np.arange(len(predicted)), predicted]

    def _error(self, expected: str, found: str) -> DataError:
        return DataError(
            self._path,
            expected=expected,
            found=found,
            fix="All arms must be trained by this pipeline and with the same classes.",
        )


def _batches(files: Sequence[str]) -> tf.data.Dataset:
    spec = {
        LABEL: tf.io.FixedLenFeature([], tf.int64),
        EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    }
    records = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP").batch(_BATCH_SIZE)
    return records.map(lambda batch: (batch, tf.io.parse_example(batch, spec))).prefetch(2)


def _check_labels(labels: npt.NDArray[np.int64], num_classes: int, files: Sequence[str]) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise DataError(
            _folder(files),
            expected=f"labels from 0 to {num_classes - 1}",
            found=f"labels from {labels.min()} to {labels.max()}",
            fix="Validate the domain with DomainValidator before evaluating on it.",
        )


def _folder(files: Sequence[str]) -> str:
    return files[0].rpartition("/")[0] if files else "the split"
