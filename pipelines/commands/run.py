"""`warmstart run`: the steps around a local run, from the first check to the last line."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

from rich.console import Console

from modules.core.errors import ConfigError
from pipelines.beam.options import check_storage
from pipelines.config import Config
from pipelines.running.display import create_display
from pipelines.running.output_folder import exclusive_output, storage_errors_explained
from pipelines.running.summary import print_summary
from pipelines.running.terminal_capture import logs_to_file
from pipelines.running.unexpected_errors import unforeseen_errors_explained


def run_command(config: Config, output: Path, *, fresh: bool, verbose: bool) -> str:
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
    started = time.monotonic()
    check_data_folders(config)
    output = output.resolve()
    check_storage(config.beam, str(output))
    log_file = output / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    with (
        exclusive_output(output),
        storage_errors_explained(output),
        logs_to_file(log_file, also_to_terminal=verbose) as terminal,
    ):
        console = Console(file=terminal, width=None if terminal.isatty() else 80)
        console.print(
            f"warmstart {config.name}: {config.source.name} to {config.target.name}",
            highlight=False,
        )
        display = create_display(console)
        try:
            # TensorFlow reads this when it is imported, which takes seconds: hence not above.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
            from pipelines.local_runner import run_locally

            with (
                unforeseen_errors_explained(
                    log_file, kept="Finished components stay cached.", verbose=verbose
                ),
                storage_errors_explained(output),
            ):
                result = run_locally(
                    config,
                    output,
                    display,
                    started=started,
                    command=shlex.join(["warmstart", *sys.argv[1:]]),
                    fresh=fresh,
                )
        finally:
            display.close()
        print_summary(result, output, console)
    return result["verdict"]


def check_data_folders(config: Config) -> None:
    """Refuses missing data folders before anything heavy is imported."""
    for role, domain in (("source", config.source), ("target", config.target)):
        path = Path(domain.path)
        if not path.is_dir():
            found = "a file" if path.exists() else "nothing"
            raise ConfigError(
                f"{role}.path: expected a folder of format '{domain.format}' at {path.resolve()}, "
                f"found {found}. Correct the path in the configuration, or pass "
                f"--set {role}.path=DIR."
            )
