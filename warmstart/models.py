"""A pushed model at work: on image files, and on a labelled folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modules.evaluation.folder_evaluation import FolderEvaluation, Score, evaluate_folder
from modules.models.pushed_model import ModelAnswers, predict_images
from warmstart.notebook import table

_Path = str | os.PathLike[str]


@dataclass(frozen=True)
class PredictionResult(ModelAnswers):
    """What a model says about image files. A notebook shows it as a table."""

    def _repr_html_(self) -> str:
        rows = [
            (each.image, each.class_name, f"{each.probability:.1%}") for each in self.predictions
        ]
        return table(("image", "class", "probability"), rows)


@dataclass(frozen=True)
class EvaluationResult(FolderEvaluation):
    """How a model did on a labelled folder. A notebook shows it as a table."""

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.score.accuracy

    def _repr_html_(self) -> str:
        rows = [(name, *_cells(score)) for name, score in self.by_class.items()]
        header = ("class", "accuracy", "95 % interval", "correct")
        return table(header, [*rows, ("all", *_cells(self.score))])


def predict(
    model: _Path, images: _Path | Iterable[_Path], *, skip_bad: bool = False
) -> PredictionResult:
    """Classifies image files with a pushed model, as `warmstart predict` does.

    Args:
        model: A run's output folder, its serving folder (the newest version counts) or a version.
        images: An image file, a folder of them, or several of both.
        skip_bad: Skip files that are no images, as long as others are.

    Raises:
        DataError: There is no such model or image.
        WarmstartError: Files are no images; the message names them.
    """
    paths = [images] if isinstance(images, (str, os.PathLike)) else images
    files = [os.fspath(path) for path in paths]
    answers = predict_images(Path(model), files, skip_bad=skip_bad)
    return PredictionResult(**vars(answers))


def evaluate(
    model: _Path,
    folder: _Path,
    *,
    split: str = "eval",
    format: str | None = None,
    classes: Sequence[str] | None = None,
) -> EvaluationResult:
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
    found = evaluate_folder(
        Path(model), os.fspath(folder), split=split, format=format, classes=classes
    )
    return EvaluationResult(**vars(found))


def _cells(score: Score) -> tuple[str, str, str]:
    low, high = score.ci95
    return f"{score.accuracy:.1%}", f"{low:.1%} to {high:.1%}", f"{score.correct}/{score.total}"
