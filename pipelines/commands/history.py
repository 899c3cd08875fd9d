"""`warmstart history`: the runs below a folder, or all runs and pushed versions of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.core.errors import DataError
from pipelines.commands.options import format_option

if TYPE_CHECKING:
    from pipelines.running.history import RunRecord

_RUN_COLUMNS = {
    "run": "run",
    "finished": "finished (UTC)",
    "verdict": "verdict",
    PRETRAINED: "zero\nshot",
    SCRATCH: "scratch",
    WARM_START: "warm\nstart",
    "pushed_version": "pushed\nversion",
    "span": "span",
    "start": "start",
    "seed": "seed",
    "attempt": "attempt",
}
# A table has room for these where data come in spans, or a run began from what was served; for the
# others where not.
_CHAIN = ("span", "start")
_LEFT_OUT_OF_A_CHAIN = (PRETRAINED, SCRATCH, "seed")
_VERSION_COLUMNS = {"version": "version", "pushed": "pushed (UTC)", "state": "state"}


@click.command("history", short_help="List the runs below DIR, or all about one.")
@click.argument("folder", metavar="[DIR]", default="runs", type=click.Path(path_type=Path))
@format_option
def history_command(folder: Path, format: str) -> None:
    """List the runs below DIR, `runs` by default, with verdicts and pushed versions.

    If DIR is a run's output folder, all its runs are listed, and the versions in its serving
    folder (not in CSV).
    """
    click.echo(_list_runs(folder, format), nl=False)


def _list_runs(folder: Path, format: str) -> str:
    from pipelines.running.history import HISTORY_FILE, find_output_folders, read_history

    if (folder / HISTORY_FILE).is_file():
        records = read_history(folder)
        rows = [_run_row(folder.resolve().name, record) for record in records]
        return _format(rows, _version_rows(folder), format)
    rows = []
    for output in find_output_folders(folder):
        rows += [_run_row(str(output.relative_to(folder)), r) for r in read_history(output)[-1:]]
    if not rows:
        raise DataError(
            str(folder),
            expected="finished runs",
            found="none" if folder.is_dir() else "no folder",
            fix="Pass the folder that the --output of your runs lies in, or run a configuration.",
        )
    return _format(sorted(rows, key=lambda row: row["finished"]), None, format)


def _format(runs: list[dict[str, Any]], versions: list[dict[str, Any]] | None, format: str) -> str:
    from pipelines.commands.row_formats import format_csv, format_json, format_table

    if format == "csv":
        return format_csv(runs, list(_RUN_COLUMNS))
    if format == "json":
        return format_json({"runs": runs} | ({} if versions is None else {"versions": versions}))
    shown = [
        row | {"finished": _minutes(row["finished"]), "verdict": row["verdict"].replace("_", " ")}
        for row in runs
    ]
    text = format_table(shown, _table_columns(runs), foldable={"run": 10, "verdict": 7})
    if versions is None:
        return text
    if not versions:
        return f"{text}\nThe serving folder holds no version.\n"
    dated = [row | {"pushed": _minutes(row["pushed"])} for row in versions]
    return f"{text}\n{format_table(dated, _VERSION_COLUMNS, foldable={'state': 10})}"


def _table_columns(runs: list[dict[str, Any]]) -> dict[str, str]:
    is_chain = any(run["span"] or run["start"] not in (None, PRETRAINED) for run in runs)
    left_out = _LEFT_OUT_OF_A_CHAIN if is_chain else _CHAIN
    return {key: heading for key, heading in _RUN_COLUMNS.items() if key not in left_out}


def _run_row(name: str, record: RunRecord) -> dict[str, Any]:
    return {
        "run": name,
        **record.model_dump(exclude={"accuracies"}),
        **record.accuracies,
        "pushed_version": record.pushed_version,
    }


def _version_rows(output: Path) -> list[dict[str, Any]]:
    """Describes each version. Model servers take the newest one."""
    from modules.models.serving_folder import SERVING_FOLDER, pushed_versions

    versions = pushed_versions(output / SERVING_FOLDER)
    rows = []
    for version in versions:
        state = [] if version.is_complete else ["incomplete"]
        if version.copy_of is not None:
            state.append(f"rolled back to {version.copy_of}")
        if version is versions[-1]:
            state.append("served")
        rows.append(
            {
                "version": version.path.name,
                "pushed": version.pushed.isoformat(timespec="seconds"),
                "state": ", ".join(state) or "superseded",
            }
        )
    return rows


def _minutes(moment: str) -> str:
    return moment[:16].replace("T", " ")
