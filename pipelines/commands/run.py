"""`warmstart run`: runs the transfer pipeline on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import override_option, say, verbose_option


@click.command("run")
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the run's results.")
@click.option("--fresh", is_flag=True, help="Run every component again; use no cached result.")
@click.option("--require-blessing", is_flag=True, help="Exit with 3 unless the model is blessed.")
@verbose_option
def run_command(
    config: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    require_blessing: bool,
    **options: Any,
) -> None:
    """Run the transfer pipeline of CONFIG on this machine."""
    from pipelines.commands.config_check import look_quickly
    from pipelines.config import load_config

    loaded = load_config(config, overrides)
    for warning in look_quickly(loaded):
        say(f"Warning: {warning}")

    from pipelines.local_runner import run_locally

    result = run_locally(loaded, output or loaded.output_folder, **options)
    if require_blessing and result["verdict"] != "blessed":
        sys.exit(3)
