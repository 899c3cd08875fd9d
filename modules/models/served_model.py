"""A trained model as its users see it: a SavedModel that classifies serialized examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import EXAMPLE_ID, LABEL
from modules.core.wording import listed
from modules.models.signature import (
    CLASS_NAME,
    CLASSIFIER_OUTPUTS,
    PREDICTED,
    PROBABILITIES,
    SERVING_DEFAULT,
    Signature,
)
from modules.sources.untuned_dataset import untuned

_BATCH_SIZE = 512
_FIX = "All arms must be trained by this pipeline, for these classes."
_TENSORFLOW_NOISE = re.compile(r"\{\{.*?\}\} | \[Op:.*", re.DOTALL)


@dataclass(frozen=True)
class Answers:
    """A model's answers to one split, in the order of its files and records.

    Args:
        example_ids: Ids of the N examples.
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
        """Joins the answers to consecutive parts of a split, of which there may be none."""
        empty = cls([], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        joined = [empty, *parts]
        return cls(
            [example_id for part in joined for example_id in part.example_ids],
            np.concatenate([part.labels for part in joined]),
            np.concatenate([part.predicted for part in joined]),
            np.concatenate([part.confidence for part in joined]),
        )


class ServedModel:
    """Runs a classifying signature of a SavedModel.

    Args:
        path: Folder of the SavedModel.
        class_names: The K class names that the signature must answer, in label order.
        signature: `serving_default` or `serving_source`.
        any_order: Whether the model may have the classes in another order. Its answers are then
            matched by name.

    Raises:
        DataError: There is no SavedModel, or it does not come from this pipeline.
    """

    def __init__(
        self,
        path: str,
        class_names: Sequence[str],
        signature: str = SERVING_DEFAULT,
        *,
        any_order: bool = False,
    ) -> None:
        self._class_names = np.array([name.encode() for name in class_names], dtype=object)
        self._labels = {name: label for label, name in enumerate(self._class_names)}
        self._any_order = any_order
        self._signature = Signature(path, signature, CLASSIFIER_OUTPUTS, _FIX)

    def answer(self, files: Sequence[str]) -> Answers:
        """Answers the examples of files, batch by batch.

        Args:
            files: Gzipped TFRecords of tf.train.Examples; read in sorted order.

        Returns:
            The answers with the true labels; empty if the files are.

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
        outputs = self._signature(examples)
        probabilities = outputs[PROBABILITIES].numpy()
        predicted = outputs[PREDICTED].numpy().astype(np.int64)
        num_classes = len(self._class_names)
        if probabilities.shape != (len(predicted), num_classes):
            raise self._signature.refusal(
                f"probabilities of {num_classes} classes", f"shape {probabilities.shape}"
            )
        confidence = probabilities[np.arange(len(predicted)), predicted]
        names = outputs[CLASS_NAME].numpy()
        if self._any_order:
            return self._labels_of(names), confidence
        different = np.flatnonzero(names != self._class_names[predicted])
        if different.size:
            label = predicted[different[0]]
            raise self._signature.refusal(
                f"class {label} to be '{self._class_names[label].decode()}'",
                f"'{names[different[0]].decode()}'",
            )
        return predicted, confidence

    def _labels_of(self, names: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
        unknown = sorted({name for name in names.tolist() if name not in self._labels})
        if unknown:
            raise self._signature.refusal(
                f"the classes {listed([name.decode() for name in self._class_names])}",
                f"answers of other ones: {listed([name.decode() for name in unknown])}",
            )
        return np.array([self._labels[name] for name in names.tolist()], np.int64)


def _batches(files: Sequence[str]) -> tf.data.Dataset:
    spec = {
        LABEL: tf.io.FixedLenFeature([], tf.int64),
        EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    }
    records = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP").batch(_BATCH_SIZE)
    batches = records.map(lambda batch: (batch, tf.io.parse_example(batch, spec)))
    return untuned(batches.prefetch(2))


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
