"""`warmstart run`: runs the transfer pipeline on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modules.core.errors import ConfigError
from pipelines.commands.options import override_option, say, targets_option, verbose_option

if TYPE_CHECKING:
    from pipelines.config import Config
    from pipelines.targets.scenario import SeveralTargets


@click.command("run")
@click.argument("config", type=click.Path(path_type=Path))
@override_option
@targets_option
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the run's results.")
@click.option("--fresh", is_flag=True, help="Run every component again; use no cached result.")
@click.option(
    "--require-blessing",
    is_flag=True,
    help="Exit with 3 unless the model is blessed; of several targets, each one's.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Targets that run at the same time; one for each four cores by default.",
)
@verbose_option
def run_command(
    config: Path,
    overrides: tuple[str, ...],
    targets: tuple[str, ...],
    output: Path | None,
    require_blessing: bool,
    workers: int | None,
    **options: Any,
) -> None:
    """Run the transfer pipeline of CONFIG on this machine."""
    from pipelines.config import Config
    from pipelines.targets.scenario import load_scenario

    loaded = load_scenario(config, overrides, targets)
    if isinstance(loaded, Config):
        verdicts = [_run_one(loaded, output, **options)]
    else:
        verdicts = _run_several(loaded, output, workers=workers, **options)
    if "failed" in verdicts:
        sys.exit(1)
    if require_blessing and set(verdicts) != {"blessed"}:
        sys.exit(3)


def _run_one(config: Config, output: Path | None, **options: Any) -> str:
    from pipelines.commands.config_check import look_quickly

    for warning in look_quickly(config):
        say(f"Warning: {warning}")

    from pipelines.local_runner import run_locally

    result = run_locally(config, output or config.output_folder, **options)
    return str(result["verdict"])


def _run_several(scenario: SeveralTargets, output: Path | None, **options: Any) -> list[str]:
    from pipelines.commands.config_check import NOTHING_WAS_RUN, first_look
    from pipelines.targets.runner import run_targets

    refused: dict[str, str] = {}
    for name, config in scenario.branches.items():
        try:
            errors, warnings = first_look(config)
        except ConfigError as error:
            errors, warnings = [str(error)], []
        if errors:
            refused[name] = "\n".join(errors)
        for warning in warnings:
            say(f"Warning: {warning}")
    if len(refused) == len(scenario.branches):
        # What is wrong with the source is so for every target.
        raise ConfigError("\n".join([*dict.fromkeys(refused.values()), NOTHING_WAS_RUN]))
    folder = output or scenario.shared.output_folder
    return list(run_targets(scenario, folder, refused=refused, **options).values())
