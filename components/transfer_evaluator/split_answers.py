"""A model's answers to splits, computed by Beam workers: each answers whole files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from tfx.dsl.io import fileio

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError, one_line
from modules.core.example_features import GROUP
from modules.examples.input_pipeline import ExampleIndex, index_examples
from modules.models.served_model import Answers, ServedModel
from modules.models.signature import SERVING_DEFAULT


class AnswerSplits(beam.PTransform):
    """Answers splits with a model, at a pipeline's root; `read_answers` reads the answers.

    Args:
        model_path: Folder of the SavedModel. Each worker loads it once.
        class_names: The K names, in label order.
        splits: Files of examples, by a name for the split.
        folder: Where the answers go. It is created.
        signature: The signature that answers.
        is_foreign: Whether another run made the model. Such a model may have the classes in another
            order, and if it cannot answer at all, `read_refusal` says why.
    """

    def __init__(
        self,
        model_path: str,
        class_names: Sequence[str],
        splits: Mapping[str, Sequence[str]],
        folder: str,
        signature: str = SERVING_DEFAULT,
        *,
        is_foreign: bool = False,
    ) -> None:
        super().__init__()
        self._answer_file = _AnswerFile(model_path, class_names, signature, is_foreign)
        self._files = [
            (examples, _answers_file(folder, name, number))
            for name, paths in splits.items()
            for number, examples in enumerate(sorted(paths))
        ]
        self._folder = folder

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:  # noqa: D102
        fileio.makedirs(self._folder)
        return (
            pipeline
            | "Files" >> beam.Create(self._files)
            | "Distribute" >> beam.Reshuffle()
            | "Answer" >> beam.ParDo(self._answer_file)
        )


def read_answers(name: str, files: Sequence[str], folder: str) -> Answers:
    """Reads the answers to a split, in the order of its files and records.

    Args:
        name: The split's name, as given to `AnswerSplits`.
        files: The split's files of examples.
        folder: Where the answers are.

    Raises:
        DataError: The split has no example.
    """
    answers = Answers.concatenate(
        [_read(_answers_file(folder, name, number)) for number in range(len(files))]
    )
    if not answers.example_ids:
        raise DataError(
            os.path.dirname(files[0]),
            expected="examples",
            found="none",
            fix="Add images to this split.",
        )
    return answers


def read_refusal(name: str, files: Sequence[str], folder: str) -> str:
    """Reads why a foreign model cannot answer a split; empty if it has answered it."""
    for number in range(len(files)):
        path = _refusal_file(_answers_file(folder, name, number))
        if fileio.exists(path):
            with fileio.open(path, "rb") as file:
                return str(file.read().decode())
    return ""


def read_groups(files: Sequence[str], answers: Answers) -> npt.NDArray[np.bytes_]:
    """Reads the group of each example of a split, bytes [N], in the order of the answers.

    Raises:
        DataError: The examples have no groups, or cannot be read.
    """
    index = index_examples(files)
    if index.groups is None:
        raise DataError(
            index.files[0],
            expected=f"examples with the feature '{GROUP}'",
            found="none",
            fix="Run the pipeline with --fresh to ingest the data again.",
        )
    groups: npt.NDArray[np.bytes_] = index.groups[_rows(index, answers)]
    return groups


def read_spans(files: Sequence[str], answers: Answers) -> npt.NDArray[np.int64] | None:
    """Reads the span of each example of a split, int64 [N], in the order of the answers.

    Returns:
        None where the data do not come in spans.

    Raises:
        DataError: The examples cannot be read.
    """
    index = index_examples(files)
    return None if index.spans is None else index.spans[_rows(index, answers)]


def _rows(index: ExampleIndex, answers: Answers) -> npt.NDArray[np.int64]:
    ids = np.array([example_id.encode() for example_id in answers.example_ids])
    return np.searchsorted(index.example_ids, ids)


class _AnswerFile(beam.DoFn):
    """Writes a file's answers under their final name once they are complete."""

    def __init__(
        self, model_path: str, class_names: Sequence[str], signature: str, is_foreign: bool
    ) -> None:
        self._model_path = model_path
        self._class_names = list(class_names)
        self._signature = signature
        self._is_foreign = is_foreign
        self._model: ServedModel | None = None

    def process(self, file: tuple[str, str]) -> Iterator[None]:
        examples, answers = file
        try:
            _write(answers, self._answer(examples))
        except DataError as error:
            if not self._is_foreign:
                raise
            write_atomically(_refusal_file(answers), one_line(error), contested=True)
        return iter(())

    def _answer(self, examples: str) -> Answers:
        # Not in setup(): some runners hide its errors.
        if self._model is None:
            self._model = ServedModel(
                self._model_path, self._class_names, self._signature, any_order=self._is_foreign
            )
        return self._model.answer([examples])

    def teardown(self) -> None:
        self._model = None


def _answers_file(folder: str, name: str, number: int) -> str:
    return os.path.join(folder, f"{name}-{number:05d}.npz")


def _refusal_file(answers: str) -> str:
    return f"{answers}.refused"


def _write(path: str, answers: Answers) -> None:
    # In memory first: writing a ZIP file seeks, which object stores cannot do.
    content = io.BytesIO()
    np.savez(
        content,
        example_ids=np.array([text.encode() for text in answers.example_ids], np.bytes_),
        labels=answers.labels,
        predicted=answers.predicted,
        confidence=answers.confidence,
    )
    # Workers may retry, or race each other.
    write_atomically(path, content.getvalue(), contested=True)


def _read(path: str) -> Answers:
    with fileio.open(path, "rb") as file, np.load(io.BytesIO(file.read())) as arrays:
        return Answers(
            [value.decode() for value in arrays["example_ids"].tolist()],
            arrays["labels"],
            arrays["predicted"],
            arrays["confidence"],
        )
