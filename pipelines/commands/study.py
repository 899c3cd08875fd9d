"""`warmstart study`: compares transfer methods by the number of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import override_option, targets_option, verbose_option


def _numbers(_: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"expected numbers such as 0,1,5,10, found '{text}'")
    return tuple(sorted({int(part) for part in parts}))


def _names(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in (text or "").split(","))))


@click.command("study", short_help="Compare transfer methods by the number of labels.")
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--shots",
    required=True,
    callback=_numbers,
    metavar="N,N,...",
    help="Labelled target images per class, e.g. 0,1,5,10.",
)
@click.option(
    "--methods",
    callback=_names,
    metavar="NAME,NAME,...",
    help="Transfer methods, auto, scratch and probe; by default scratch and all methods that can "
    "do the target's classes.",
)
@click.option("--repeats", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the study's results.")
@click.option(
    "--pipeline",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of ingested data and pretrained model, for studies to share; in the output's "
    "folder by default.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Trainings that run at the same time; one per core by default.",
)
@override_option
@targets_option
@verbose_option
def study_command(
    config: Path,
    overrides: tuple[str, ...],
    targets: tuple[str, ...],
    output: Path | None,
    **options: Any,
) -> None:
    """Compare transfer methods on CONFIG's domains by the number of labels.

    Each method is trained --repeats times with each number of --shots, from one pretrained model,
    and evaluated on the target's eval split. If interrupted, rerun the same command to resume.
    """
    from pipelines.study.runner import run_study
    from pipelines.targets.scenario import load_one_target

    loaded = load_one_target(config, overrides, targets)
    folder = loaded.output_folder / "study" / (loaded.target.name if targets else "")
    run_study(loaded, output or folder, **options)
