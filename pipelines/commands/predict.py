"""`warmstart predict`: what a pushed model says about image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modules.core.checksums import check_checksums
from modules.core.errors import WarmstartError
from modules.models.prediction import Predictions, predict_files
from modules.models.serving_folder import PUSH_AGAIN, find_model
from modules.sources.image_files import find_images
from pipelines.commands.row_formats import format_csv, format_json, format_table

_COLUMNS = {"image": "image", "class": "class", "probability": "probability"}
_MOST_NAMED = 10


def predict(model: Path, images: Sequence[str], format: str, *, skip_bad: bool) -> tuple[str, str]:
    """Classifies images.

    Args:
        model: A pushed version, a serving folder or a run's output folder.
        images: Files and folders.
        format: `table`, `csv` or `json`.
        skip_bad: Go on without files that are no images, which otherwise are errors.

    Returns:
        The text in that format, and what was skipped: a line for each file.

    Raises:
        WarmstartError: The model or an image is missing or not what it should be.
    """
    version = find_model(model)
    files = find_images(images)
    check_checksums(str(version), PUSH_AGAIN)
    predictions = predict_files(str(version), files)
    if predictions.refused and not (skip_bad and predictions.answers):
        raise _refusal(predictions)
    rows = [
        {"image": answer.image, "class": answer.class_name, "probability": answer.probability}
        for answer in predictions.answers
    ]
    if format == "csv":
        text = format_csv(rows, list(_COLUMNS))
    elif format == "json":
        text = format_json({"model": str(version), "predictions": rows})
    else:
        text = format_table(rows, _COLUMNS, foldable={"image": 20, "class": 10})
    return text, "".join(f"Skipped {refusal}\n" for refusal in predictions.refused)


def _refusal(predictions: Predictions) -> WarmstartError:
    refused = predictions.refused
    lines = [*refused[:_MOST_NAMED]]
    if len(refused) > _MOST_NAMED:
        lines.append(f"and {len(refused) - _MOST_NAMED} more")
    if not predictions.answers:
        return WarmstartError("\n".join([*lines, "There is no image to predict."]))
    total = len(refused) + len(predictions.answers)
    lines.append(
        f"{len(refused)} of {total} files are no images, so nothing is printed. Put this right, or "
        "pass --skip-bad to go on without them."
    )
    return WarmstartError("\n".join(lines))
