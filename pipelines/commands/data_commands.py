"""`warmstart init` and `warmstart check`. Imports stay light here: help must answer at once."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from pipelines.commands.options import override_option, say, silence_imports


@click.command("init", short_help="Look at a folder of images and write a CONFIG.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the source domain; without it MNIST, if the classes are the digits 0 to 9.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CONFIG.yaml",
    help="The file to write; DIR's name with .yaml, here, by default.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
def init_command(folder: Path, source: Path | None, output: Path | None, force: bool) -> None:
    """Look at the target domain in DIR and write a configuration for it.

    DIR holds IDX files, TFRecord files, or images as train/<class>/ and eval/<class>/; which, is
    detected. Beside the configuration a contact sheet of both domains is written, a PNG.
    """
    from pipelines.commands.init import initialize

    silence_imports()
    initialize(folder, source, output, force=force, say=say)


@click.command("check", short_help="Check CONFIG and its data without training.")
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@click.option("--all", "read_all", is_flag=True, help="Read every image, not only the first ones.")
def check_command(config: Path, overrides: tuple[str, ...], read_all: bool) -> None:
    """Check CONFIG and its data without training; exit with 1 if a run would fail."""
    from modules.core.wording import count
    from pipelines.commands.check import ERROR, check_config
    from pipelines.config import load_config

    silence_imports()
    loaded = load_config(config, overrides)
    errors = 0
    for line in check_config(loaded, read_all=read_all):
        errors += line.level == ERROR
        say(f"{line.level:<8} {line.text}")
    if errors:
        say(f"{count(errors, 'error')}: {config} is not ready to run.")
        sys.exit(1)
    options = [part for override in overrides for part in ("--set", override)]
    say(f"Ready: {shlex.join(['warmstart', 'run', str(config), *options])}")
