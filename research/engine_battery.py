"""Which Beam primitives hold on an engine: one small job for each, with a known result.

    python -m research.engine_battery --beam '{runner: portable, job_endpoint: "localhost:8099", \
        environment: {type: EXTERNAL, address: "localhost:50000"}}' --folder /shared/battery

Without `--beam` it runs in this process. The folder must be one that all workers reach.
Prints a Markdown table; exits with 1 if something that the pipeline needs does not hold.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator

import yaml
from apache_beam.io.filesystems import FileSystems
from pydantic import ValidationError

from pipelines.beam.engine_check import Answer, shorten, try_primitive
from pipelines.beam.primitives import NEEDED
from pipelines.beam.settings import BeamSettings
from research import engine_cases

_SPECIAL: dict[str, Callable[[BeamSettings, str], str | None]] = {
    "counters come back": engine_cases.counters_arrive,
    "a worker's error comes back as itself": engine_cases.errors_arrive,
}


def run_battery(
    settings: BeamSettings, folder: str, *, long: int = 0
) -> Iterator[tuple[Answer, bool]]:
    """Runs all of the battery.

    Args:
        settings: The `beam` section.
        folder: A folder or URI that all workers reach, which exists.
        long: Seconds that a long job takes; none runs by default.

    Yields:
        What came of each, and whether the pipeline needs it.
    """
    for number, primitive in enumerate((*NEEDED, *engine_cases.OTHERS)):
        own = FileSystems.join(folder, str(number))
        yield try_primitive(settings, primitive, own), primitive in NEEDED
    special = dict(_SPECIAL)
    if long:
        special[f"a job of {long} s"] = engine_cases.long_job(long)
    for name, case in special.items():
        started = time.monotonic()
        try:
            problem = case(settings, folder)
        except Exception as error:
            problem = f"error: {shorten(error)}"
        yield Answer(name, problem, time.monotonic() - started), True


def main() -> None:
    """Prints the table of one engine."""
    parser = argparse.ArgumentParser(prog="python -m research.engine_battery")
    parser.add_argument("--beam", default="local", help="the 'beam' section, as YAML")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="a folder of all workers")
    parser.add_argument("--long", type=int, default=0, help="also run a job of so many seconds")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    try:
        settings = BeamSettings.model_validate(yaml.safe_load(arguments.beam))
    except ValidationError as error:
        parser.error(f"--beam: {'; '.join(problem['msg'] for problem in error.errors())}")
    folder = FileSystems.join(arguments.folder, f"engine-battery-{uuid.uuid4().hex[:8]}")
    FileSystems.mkdirs(folder)
    failed = held = 0
    print("| primitive | needed | result | s |\n| --- | --- | --- | --- |")
    for answer, needed in run_battery(settings, folder, long=arguments.long):
        failed += needed and answer.problem is not None
        held += answer.problem is None
        mark = "yes" if needed else ""
        print(f"| {answer.name} | {mark} | {answer.problem or 'holds'} | {answer.seconds:.1f} |")
    print(f"\n{held} hold; {engine_cases.workers(settings, folder)} worked.")
    FileSystems.delete([folder])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
