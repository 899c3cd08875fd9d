"""A pushed model at work: found in a run's folder, checked, and asked about image files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from modules.core.checksums import check_checksums
from modules.core.errors import WarmstartError
from modules.models.prediction import Prediction, Predictions, predict_files
from modules.models.serving_folder import PUSH_AGAIN, find_model
from modules.sources.image_files import find_images

_MOST_NAMED = 10


@dataclass(frozen=True)
class ModelAnswers:
    """What a pushed model says about image files.

    Attributes:
        model: Folder of the version that answered.
        predictions: One for each image, in order.
        skipped: One message for each file that is no image.
    """

    model: Path
    predictions: tuple[Prediction, ...]
    skipped: tuple[str, ...]


def find_whole_model(model: Path) -> Path:
    """Finds the newest version of a run, serving folder or version, and checks its files.

    Raises:
        DataError: There is none, or its files are not those that were pushed.
    """
    version = find_model(model)
    check_checksums(str(version), PUSH_AGAIN)
    return version


def predict_images(model: Path, images: Iterable[str], *, skip_bad: bool = False) -> ModelAnswers:
    """Classifies image files with a pushed model.

    Args:
        model: A run's output folder, its serving folder (the newest version counts) or a version.
        images: Image files, or folders of them.
        skip_bad: Skip files that are no images, as long as others are.

    Raises:
        DataError: There is no such model or image.
        WarmstartError: Files are no images; the message names them.
    """
    version = find_whole_model(model)
    found = predict_files(str(version), find_images(images))
    if found.refused and not (skip_bad and found.answers):
        raise _refusal(found)
    return ModelAnswers(version, tuple(found.answers), tuple(found.refused))


def _refusal(predictions: Predictions) -> WarmstartError:
    refused = predictions.refused
    more = len(refused) - _MOST_NAMED
    conclusion = (
        f"{len(refused)} of {len(refused) + len(predictions.answers)} files are not images, so "
        "nothing is printed. Fix this, or pass --skip-bad to skip them."
        if predictions.answers
        else "There is no image to predict."
    )
    others = [f"and {more} more"] if more > 0 else []
    return WarmstartError("\n".join([*refused[:_MOST_NAMED], *others, conclusion]))
