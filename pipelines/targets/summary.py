"""The table and the words at the end of a run of several targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.core.wording import count, display_name
from modules.models.serving_folder import TARGETS_FOLDER
from pipelines.running.output_folder import (
    LOGS_FOLDER,
    REPORT_FILE,
    RESULT_FILE,
)
from pipelines.running.summary import print_places
from pipelines.targets.outcome import FAILED

INDEX_FILE = "index.html"
_NAME_LENGTH = 24
_STYLES = {"blessed": "bold green", "not_blessed": "bold yellow", FAILED: "bold red"}


def print_targets_summary(result: dict[str, Any], output: Path, console: Console) -> None:
    """Prints what the common result.json says, and where to find everything."""
    targets = result["targets"]
    console.print(_table(targets))
    for name, entry in targets.items():
        if entry["verdict"] == FAILED:
            console.print(Text(f"{name} failed: {entry['error']}"), soft_wrap=True)
    verdicts = [entry["verdict"] for entry in targets.values()]
    failed = verdicts.count(FAILED)
    blessed = f"{verdicts.count('blessed')} of {count(len(targets), 'target')} blessed"
    console.print(f"{blessed}; {failed} failed, the others are done." if failed else f"{blessed}.")
    console.print()
    print_places(
        console,
        {
            "Overview": str(output / INDEX_FILE),
            "Result": str(output / RESULT_FILE),
            "Reports": str(output / TARGETS_FOLDER / "NAME" / REPORT_FILE),
            "Logs": str(output / LOGS_FOLDER),
            "Time": f"{result['seconds']['total']:.1f} s",
        },
    )


def _table(targets: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("target")
    for column in ("pretrained", "scratch", "warm start", "95 % interval"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for name, entry in targets.items():
        verdict = Text(entry["verdict"].replace("_", " "), _STYLES[entry["verdict"]])
        cells = [""] * 4
        if "arms" in entry:
            arms = entry["arms"]
            cells = [f"{arms[arm]['accuracy']:.1%}" for arm in (PRETRAINED, SCRATCH, WARM_START)]
            low, high = arms[WARM_START]["ci95"]
            cells.append(f"{low:.1%} to {high:.1%}")
        table.add_row(display_name(name, _NAME_LENGTH), *cells, verdict)
    return table
