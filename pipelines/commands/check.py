"""`warmstart check`: checks a configuration and its data without training."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from pipelines.commands.options import override_option, say, silence_imports, targets_option


@click.command("check", short_help="Check CONFIG and its data without training.")
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@targets_option
@click.option("--all", "read_all", is_flag=True, help="Read every image, not only the first ones.")
@click.option(
    "--engine", is_flag=True, help="Run small jobs on the configured Beam engine (a minute)."
)
def check_command(
    config: Path,
    overrides: tuple[str, ...],
    targets: tuple[str, ...],
    read_all: bool,
    engine: bool,
) -> None:
    """Check CONFIG and its data without training; exit with 1 if a run would fail.

    Of several targets, each is checked, and what they share is told once.
    """
    from modules.core.wording import count
    from pipelines.checking.lines import ERROR, CheckLine
    from pipelines.commands.config_check import check_config
    from pipelines.config import Config
    from pipelines.targets.outcome import target_folder
    from pipelines.targets.scenario import load_scenario

    silence_imports()
    loaded = load_scenario(config, overrides, targets)
    if isinstance(loaded, Config):
        checks = {loaded.output_folder: loaded}
    else:
        checks = {
            target_folder(each.output_folder, name): each for name, each in loaded.branches.items()
        }
    errors = 0
    told: set[CheckLine] = set()
    for output, each in checks.items():
        own = check_config(each, read_all=read_all, engine=engine and not told, output=output)
        for line in own:
            if line not in told:
                told.add(line)
                errors += line.level == ERROR
                say(f"{line.level:<8} {line.text}")
    if errors:
        say(f"{count(errors, 'error')}: {config} is not ready to run.")
        sys.exit(1)
    options = [part for override in overrides for part in ("--set", override)]
    if targets:
        options += ["--targets", ",".join(targets)]
    say(f"Ready: {shlex.join(['warmstart', 'run', str(config), *options])}")
