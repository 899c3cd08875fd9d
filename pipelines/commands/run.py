"""`warmstart run`: runs the transfer pipeline on this machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.options import override_option, verbose_option

if TYPE_CHECKING:
    from pipelines.config import Config


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
    fresh: bool,
    require_blessing: bool,
    verbose: bool,
) -> None:
    """Run the transfer pipeline of CONFIG on this machine."""
    from pipelines.config import load_config

    loaded = load_config(config, overrides)
    verdict = run_scenario(loaded, output or loaded.output_folder, fresh=fresh, verbose=verbose)
    if require_blessing and verdict != "blessed":
        sys.exit(3)


def run_scenario(config: Config, output: Path, *, fresh: bool, verbose: bool) -> str:
    """Runs a scenario and tells the user what happened.

    Args:
        config: The scenario.
        output: Folder for everything that the run writes; it is made if needed.
        fresh: Use no cached result.
        verbose: Let the underlying logs and tracebacks through to the terminal.

    Returns:
        The verdict: `blessed` or `not_blessed`.

    Raises:
        WarmstartError: What went wrong, in words for the user.
    """
    from pipelines.beam.options import check_storage
    from pipelines.running.display import RunDisplay
    from pipelines.running.session import command_line, output_session
    from pipelines.running.summary import print_summary

    started = time.monotonic()
    output = output.resolve()
    check_storage(config.beam, str(output))
    kept = "Finished components stay cached."
    with output_session(
        config, output, title="warmstart", width=80, kept=kept, verbose=verbose
    ) as console:
        with RunDisplay(console) as display:
            # Imports TensorFlow, which takes seconds: the display is there already.
            from pipelines.local_runner import run_locally

            result = run_locally(
                config, output, display, started=started, command=command_line(), fresh=fresh
            )
        print_summary(result, output, console)
    return result["verdict"]
