"""`warmstart predict`: what a pushed model says about image files."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.options import format_option, silence_imports, terminal_text, write_output

_COLUMNS = {"image": "image", "class": "class", "probability": "probability"}


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
    from modules.models.pushed_model import predict_images
    from pipelines.commands.row_formats import format_csv, format_json, format_table

    answers = predict_images(model, images, skip_bad=skip_bad)
    rows = [
        {"image": answer.image, "class": answer.class_name, "probability": answer.probability}
        for answer in answers.predictions
    ]
    if format == "csv":
        text = format_csv(rows, list(_COLUMNS))
    elif format == "json":
        text = format_json({"model": str(answers.model), "predictions": rows})
    else:
        text = format_table(rows, _COLUMNS, foldable={"image": 20, "class": 10})
    for refusal in answers.skipped:
        click.echo(terminal_text(f"Skipped {refusal}"), err=True)
    if output:
        write_output(output, text)
    else:
        click.echo(text, nl=False)
