"""`warmstart init`: writes a configuration for a folder of images."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.options import silence_imports


@click.command("init", short_help="Inspect a folder of images and write a CONFIG.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the source domain. Defaults to MNIST if the classes are the digits 0 to 9.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CONFIG.yaml",
    help="The file to write. Defaults to DIR's name with .yaml, in the current folder.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
def init_command(folder: Path, source: Path | None, output: Path | None, force: bool) -> None:
    """Inspect the target domain in DIR and write a configuration for it.

    DIR holds IDX files, TFRecord files, or images: in class folders, with or without train/ and
    eval/ above them, or listed in labels.csv. The format is detected. A contact sheet of both
    domains, a PNG, is written beside the configuration.
    """
    from pipelines.commands.initialization import initialize

    silence_imports()
    initialize(folder, source, output, force=force)
