"""`warmstart predict`, `history` and `rollback`. Imports stay light here: help answers at once."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.data_commands import silence_imports
from pipelines.commands.terminal_text import terminal_text

_format_option = click.option(
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="JSON has every name as it is; the others replace what a terminal cannot show.",
)


@click.command("predict")
@click.argument("model", metavar="MODEL_OR_RUN", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@_format_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to a file instead of the terminal.",
)
@click.option("--skip-bad", is_flag=True, help="Go on without files that are no images.")
def predict_command(
    model: Path, images: tuple[str, ...], format: str, output: Path | None, skip_bad: bool
) -> None:
    """Print class and probability of each IMAGE, by a pushed model.

    MODEL_OR_RUN is a run's output folder, its serving folder (the newest version counts) or one
    version in that. Each IMAGE is a PNG or JPEG file, or a folder of them. If one is no image,
    nothing is printed and the exit code is 1.
    """
    silence_imports()
    from pipelines.commands.predict import predict
    from pipelines.commands.row_formats import write_text

    text, skipped = predict(model, images, format, skip_bad=skip_bad)
    click.echo(terminal_text(skipped), nl=False, err=True)
    write_text(text, output)


@click.command("history", short_help="List the runs below DIR, or all about one.")
@click.argument("folder", metavar="[DIR]", default="runs", type=click.Path(path_type=Path))
@_format_option
def history_command(folder: Path, format: str) -> None:
    """List the runs below DIR, `runs` by default, with verdicts and pushed versions.

    If DIR is a run's output folder, all its runs are listed, and the versions in its serving
    folder (not in CSV).
    """
    from pipelines.commands.history import history

    click.echo(history(folder, format), nl=False)


@click.command("rollback", short_help="Put an earlier pushed version of RUN back.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", type=int, metavar="VERSION", help="By default, the version pushed before.")
def rollback_command(run: Path, to: int | None) -> None:
    """Put an earlier pushed version of RUN back as the newest, which model servers take."""
    silence_imports()
    from pipelines.commands.rollback import rollback

    chosen, made = rollback(run, to)
    click.echo(f"Version {chosen} is served again, as {made}.")
