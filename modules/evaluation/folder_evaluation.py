"""A served model on a labelled folder: accuracy with interval, in all and by class."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.wording import listed
from modules.evaluation.paired_statistics import Interval, wilson_interval
from modules.models.prediction import FIX, as_examples
from modules.models.pushed_model import find_whole_model
from modules.models.signature import CLASS_NAME, CLASSIFIER_OUTPUTS, SERVING_DEFAULT, Signature
from modules.sources.base import ImageRecord, ImageSource
from modules.sources.detection import detect_format
from modules.sources.formats import open_source

ALL_SPLITS = "all"
_SPLITS = {split: (split,) for split in (TRAIN_SPLIT, EVAL_SPLIT)} | {
    ALL_SPLITS: (TRAIN_SPLIT, EVAL_SPLIT)
}
_BATCH_IMAGES = 256


@dataclass(frozen=True)
class Score:
    """Right answers among all.

    Attributes:
        correct: Right answers.
        total: All answers.

    Example:
        >>> Score(9, 10).accuracy
        0.9
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share of right answers; 0 without any answer."""
        return self.correct / self.total if self.total else 0.0

    @property
    def ci95(self) -> Interval:
        """95 % interval of the accuracy (Wilson); it takes the images for independent."""
        return wilson_interval(self.correct, self.total)


@dataclass(frozen=True)
class FolderEvaluation:
    """How a model did on a labelled folder.

    Attributes:
        model: Folder of the version that answered.
        folder: The labelled folder.
        split: `train`, `eval` or `all`.
        score: Of all images.
        by_class: By the folder's class names, in label order; classes without an image have none.
    """

    model: Path
    folder: str
    split: str
    score: Score
    by_class: dict[str, Score]


def evaluate_folder(
    model: Path,
    folder: str,
    *,
    split: str = EVAL_SPLIT,
    format: str | None = None,
    classes: Sequence[str] | None = None,
) -> FolderEvaluation:
    """Compares a pushed model's answers with a folder's labels, by class name.

    Args:
        model: A run's output folder, its serving folder (the newest version counts) or a version.
        folder: Labelled images in a format that a domain may have.
        split: `eval`, `train` or `all`. Of an image folder without an eval split, `eval` is what a
            run would draw. What the model was trained on flatters it.
        format: A format's name; by default it is detected.
        classes: Class names in label order, if the data do not carry them.

    Raises:
        DataError: There is no such model or folder, a file is no image, or the classes are not the
            model's.
    """
    if split not in _SPLITS:
        raise DataError(
            folder,
            expected=f"a split among {', '.join(_SPLITS)}",
            found=f"'{split}'",
            fix="Pass one of these as split.",
        )
    version = find_whole_model(model)
    signature = Signature(str(version), SERVING_DEFAULT, CLASSIFIER_OUTPUTS, FIX)
    source = open_source(format or detect_format(folder), folder, classes)
    labels = _labels(source)
    answers: dict[int, Counter[str]] = defaultdict(Counter)
    for name in _SPLITS[split]:
        for batch in _batches(source, name):
            names = signature(as_examples(record.image for record in batch))[CLASS_NAME].numpy()
            for record, answer in zip(batch, names, strict=True):
                answers[record.label][answer.decode()] += 1
    if not answers:
        raise DataError(
            folder, expected="labelled images", found="none", fix="Pass another folder or split."
        )
    class_names = source.class_names(labels)
    _check_names(folder, class_names, {name for each in answers.values() for name in each})
    by_class = {
        class_names[label]: Score(answers[label][class_names[label]], answers[label].total())
        for label in sorted(answers)
    }
    correct = sum(score.correct for score in by_class.values())
    total = sum(score.total for score in by_class.values())
    return FolderEvaluation(version, folder, split, Score(correct, total), by_class)


def _labels(source: ImageSource) -> dict[str, dict[int, str]]:
    """Returns the labels of both splits, each with an example of it, as a source needs them."""
    found: dict[str, dict[int, str]] = {}
    for split in (TRAIN_SPLIT, EVAL_SPLIT):
        found[split] = {}
        for shard in source.shards(split):
            labels = shard.labels()
            if labels is None:
                for record in shard.read():
                    found[split].setdefault(record.label, record.example_id)
            else:
                found[split] |= dict.fromkeys(labels, split)
    return found


def _check_names(folder: str, class_names: Sequence[str], answered: Collection[str]) -> None:
    if not set(answered) & set(class_names):
        raise DataError(
            folder,
            expected=f"the model's classes, such as {listed(sorted(answered))}",
            found=f"{listed(class_names)}",
            fix="Rename the folder's classes, or pass their names in label order as classes.",
        )


def _batches(source: ImageSource, split: str) -> Iterator[list[ImageRecord]]:
    records = itertools.chain.from_iterable(shard.read() for shard in source.shards(split))
    while batch := list(itertools.islice(records, _BATCH_IMAGES)):
        yield batch
