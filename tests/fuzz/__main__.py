"""Fuzzes one reader for a while: `python -m tests.fuzz idx --seconds 600`.

Where atheris is installed, code coverage guides the inputs. It is not a dependency of the project:
install it in a separate environment. Without it, valid inputs are mutated at random.

Each finding is saved. To repeat it: `python -m tests.fuzz idx --repeat runs/fuzz/idx/finding-12`.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
import time
import traceback
from pathlib import Path

import click

from tests.fuzz.mutation import mutate

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_READERS = ["idx", "image_folder", "images", "labels", "tfrecord", "config"]
_MAX_BYTES = 4096
_MAX_MEMORY_MIB = 6000


@click.command()
@click.argument("reader", type=click.Choice(_READERS))
@click.option("--seconds", default=60, show_default=True, help="How long.")
@click.option("--seed", default=1, show_default=True, help="Chooses the inputs.")
@click.option("--findings", default="runs/fuzz", show_default=True, help="Folder for findings.")
@click.option(
    "--repeat",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read only this saved finding.",
)
def main(reader: str, seconds: int, seed: int, findings: str, repeat: Path | None) -> None:
    """Fuzz READER; every error but the documented ones is a finding."""
    if repeat is not None:
        from tests.fuzz.targets import TARGETS

        TARGETS[reader](repeat.read_bytes())
        click.echo(f"{reader}: {repeat} is no finding")
        return
    folder = Path(findings, reader)
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"{reader}: seed {seed}, {seconds} s, findings in {folder}")
    if importlib.util.find_spec("atheris"):
        _fuzz_with_coverage(reader, seconds, seed, folder)
    else:
        _fuzz_at_random(reader, seconds, seed, folder)


def _fuzz_with_coverage(reader: str, seconds: int, seed: int, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["modules", "pipelines", "yaml"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[reader]
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    options = {
        "max_total_time": seconds,
        "seed": seed,
        "max_len": _MAX_BYTES,
        "rss_limit_mb": _MAX_MEMORY_MIB,
        "timeout": 60,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], target)
    atheris.Fuzz()


def _fuzz_at_random(reader: str, seconds: int, seed: int, folder: Path) -> None:
    from tests.fuzz.targets import TARGETS

    target = TARGETS[reader]
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    executions = 0
    while time.monotonic() < end:
        data = mutate(chance.choice(target.seeds), chance)
        executions += 1
        try:
            target(data)
        except Exception:
            path = folder / f"finding-{executions}"
            path.write_bytes(data)
            traceback.print_exc()
            click.echo(
                f"{reader}: seed {seed}, a finding after {executions} executions. To repeat it:\n"
                f"  python -m tests.fuzz {reader} --repeat {path}"
            )
            sys.exit(1)
    click.echo(f"{reader}: {executions} executions in {seconds} s, no finding")


if __name__ == "__main__":
    main()
