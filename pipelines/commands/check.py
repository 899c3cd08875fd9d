"""`warmstart check`: checks a configuration and its data without training."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from pipelines.commands.options import override_option, say, silence_imports


@click.command("check", short_help="Check CONFIG and its data without training.")
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@click.option("--all", "read_all", is_flag=True, help="Read every image, not only the first ones.")
@click.option(
    "--engine", is_flag=True, help="Run small jobs on the configured Beam engine (a minute)."
)
def check_command(config: Path, overrides: tuple[str, ...], read_all: bool, engine: bool) -> None:
    """Check CONFIG and its data without training; exit with 1 if a run would fail."""
    from modules.core.wording import count
    from pipelines.checking.lines import ERROR
    from pipelines.commands.config_check import check_config
    from pipelines.config import load_config

    silence_imports()
    loaded = load_config(config, overrides)
    errors = 0
    for line in check_config(loaded, read_all=read_all, engine=engine):
        errors += line.level == ERROR
        say(f"{line.level:<8} {line.text}")
    if errors:
        say(f"{count(errors, 'error')}: {config} is not ready to run.")
        sys.exit(1)
    options = [part for override in overrides for part in ("--set", override)]
    say(f"Ready: {shlex.join(['warmstart', 'run', str(config), *options])}")
