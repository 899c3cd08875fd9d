"""`warmstart predict`: what a pushed model says about image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modules.core.errors import WarmstartError
from pipelines.commands.options import format_option, silence_imports, terminal_text

if TYPE_CHECKING:
    from modules.models.prediction import Predictions

_COLUMNS = {"image": "image", "class": "class", "probability": "probability"}
_MOST_NAMED = 10


@click.command("predict")
@click.argument("model", metavar="MODEL_OR_RUN", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@format_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to a file instead of the terminal.",
)
@click.option("--skip-bad", is_flag=True, help="Skip files that are not images.")
def predict_command(
    model: Path, images: tuple[str, ...], format: str, output: Path | None, skip_bad: bool
) -> None:
    """Print class and probability of each IMAGE, by a pushed model.

    MODEL_OR_RUN is a run's output folder, its serving folder (the newest version counts) or one
    version in that. Each IMAGE is a PNG or JPEG file, or a folder of them. If one is not an image,
    nothing is printed and the exit code is 1.
    """
    silence_imports()
    from pipelines.commands.row_formats import write_text

    text, skipped = predict_images(model, images, format, skip_bad=skip_bad)
    click.echo(terminal_text(skipped), nl=False, err=True)
    write_text(text, output)


def predict_images(
    model: Path, images: Sequence[str], format: str, *, skip_bad: bool
) -> tuple[str, str]:
    """Classifies images.

    Args:
        model: A pushed version, a serving folder or a run's output folder.
        images: Files and folders.
        format: `table`, `csv` or `json`.
        skip_bad: Skip files that are not images, which otherwise are errors.

    Returns:
        The predictions in that format, and a line for each skipped file.

    Raises:
        WarmstartError: The model or an image is missing or not what it should be.
    """
    from modules.core.checksums import check_checksums
    from modules.models.prediction import predict_files
    from modules.models.serving_folder import PUSH_AGAIN, find_model
    from modules.sources.image_files import find_images
    from pipelines.commands.row_formats import format_csv, format_json, format_table

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
    more = len(refused) - _MOST_NAMED
    conclusion = (
        f"{len(refused)} of {len(refused) + len(predictions.answers)} files are not images, so "
        "nothing is printed. Fix this, or pass --skip-bad to skip them."
        if predictions.answers
        else "There is no image to predict."
    )
    others = [f"and {more} more"] if more > 0 else []
    return WarmstartError("\n".join([*refused[:_MOST_NAMED], *others, conclusion]))
