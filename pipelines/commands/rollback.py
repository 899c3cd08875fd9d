"""`warmstart rollback`: puts an earlier pushed version back as the newest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import click

from modules.core.errors import DataError
from modules.models.serving_folder import (
    PUSH_AGAIN,
    ROLLBACK_FILE,
    SERVING_FOLDER,
    PushedVersion,
    next_version,
    pushed_versions,
    target_runs,
    whole_version,
)
from pipelines.commands.options import say, silence_imports

_WHERE = "`warmstart history RUN` lists the versions."


@click.command("rollback", short_help="Put an earlier pushed version of RUN back.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", type=int, metavar="VERSION", help="By default, the version pushed before.")
def rollback_command(run: Path, to: int | None) -> None:
    """Put an earlier pushed version of RUN back as the newest, which model servers take."""
    silence_imports()
    from modules.core.checksums import check_checksums
    from pipelines.running.output_folder import exclusive_output, storage_errors_explained

    serving = run / SERVING_FOLDER
    if not serving.is_dir():
        targets = target_runs(run)
        one = f", such as {targets[0]}" if targets else ""
        raise DataError(
            str(serving),
            expected="a folder of pushed versions",
            found="nothing",
            fix=f"Pass the output folder of a run that has pushed a model{one}.",
        )
    with exclusive_output(run.resolve()), storage_errors_explained(run.resolve()):
        versions = pushed_versions(serving)
        chosen = _choose(serving, versions, to)
        check_checksums(str(chosen.path), PUSH_AGAIN)
        number = next_version((version.number for version in versions), time.time())
        # The copy appears whole, in one step.
        with whole_version(serving / str(number)) as partial:
            shutil.copytree(chosen.path, partial, copy_function=shutil.copyfile)
            (partial / ROLLBACK_FILE).write_text(f"{_origin(chosen)}\n", encoding="utf-8")
            check_checksums(str(partial), PUSH_AGAIN)
    say(f"Version {chosen.number} is served again, as {number}.")


def _choose(serving: Path, versions: Sequence[PushedVersion], to: int | None) -> PushedVersion:
    if not versions:
        raise DataError(
            str(serving),
            expected="pushed versions",
            found="none",
            fix="Run the pipeline; a blessed model is pushed.",
        )
    served = versions[-1]
    if to is None:
        # A copy counts as its original: rolling back twice goes back two pushes.
        earlier = [v for v in versions if v.copy_of is None and v.number < _origin(served)]
        if not earlier:
            raise DataError(
                str(serving),
                expected=f"a version that was pushed before {_origin(served)}",
                found="none",
                fix=f"There is nothing to go back to; choose one with --to. {_WHERE}",
            )
        return earlier[-1]
    for version in versions:
        if version.number == to:
            if _origin(version) == _origin(served):
                raise DataError(
                    str(version.path),
                    expected="another model than the one that is served",
                    found="the same one",
                    fix=f"Choose another version. {_WHERE}",
                )
            return version
    raise DataError(
        str(serving / str(to)), expected="a pushed version", found="nothing", fix=_WHERE
    )


def _origin(version: PushedVersion) -> int:
    return version.number if version.copy_of is None else version.copy_of
