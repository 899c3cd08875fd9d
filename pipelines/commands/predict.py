"""`warmstart predict`: what a pushed model says about image files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modules.core.errors import WarmstartError
from pipelines.commands.options import format_option, silence_imports, terminal_text, write_output

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
    version in that. Each IMAGE is an image file (PNG, JPEG, WebP, BMP, GIF, TIFF), or a folder of
    them. If one is not an image, nothing is printed and the exit code is 1.
    """
    silence_imports()
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
    for refusal in predictions.refused:
        click.echo(terminal_text(f"Skipped {refusal}"), err=True)
    if output:
        write_output(output, text)
    else:
        click.echo(text, nl=False)


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
