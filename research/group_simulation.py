"""Simulates the gate on examples that come in groups, and on the same ones without their groups.

    python -m research.group_simulation

It prints a table and writes docs/gate/groups.csv. It exits with 1 if the gate blesses more often
than its level allows where nothing was gained.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from modules.core.arms import SCRATCH
from modules.core.csv_text import csv_text
from modules.evaluation.paired_statistics import wilson_interval
from modules.settings import GateSettings
from research.simulated.grouped_arms import GroupedArms, GroupedVerdicts, simulate_groups

FOLDER = Path("docs/gate")
TABLE = "groups.csv"
MOST_BLESSED = 0.05

_GROUPS = (10, 12, 20, 50)
_SIZE = 30
_CORRELATIONS = (0.0, 0.05, 0.2)


@dataclass(frozen=True)
class GroupScenario:
    """A truth, the gate that judges it, and whether a blessing is a mistake."""

    name: str
    truth: GroupedArms
    is_null: bool
    gate: GateSettings = field(default_factory=GateSettings)


def group_scenarios() -> list[GroupScenario]:
    """Returns truths without a gain, then truths with one."""
    return [*nulls(), *gains()]


def nulls() -> Iterator[GroupScenario]:
    """Yields truths that each miss one requirement exactly at its edge, its worst case."""
    for groups in _GROUPS:
        for correlation in _CORRELATIONS:
            truth = GroupedArms(groups, _SIZE, 0.05, 0.05, correlation)
            yield GroupScenario("as good as pretrained", truth, is_null=True)
    for groups in (12, 50):
        truth = GroupedArms(groups, _SIZE, 0.05, 0.05, 0.2, unequal=True)
        yield GroupScenario("as good as pretrained, groups of unequal size", truth, is_null=True)
        truth = GroupedArms(groups, _SIZE, 0.04, 0.06, 0.2, against=SCRATCH)
        yield GroupScenario("2 points below scratch, the margin", truth, is_null=True)
    truth = GroupedArms(20, _SIZE, 0.05, 0.05, 0.2)
    bootstrap = GateSettings(test="bootstrap")
    yield GroupScenario("as good as pretrained, bootstrap", truth, is_null=True, gate=bootstrap)


def gains() -> Iterator[GroupScenario]:
    """Yields true gains of 4 and 8 points over the pretrained model."""
    for gain in (0.04, 0.08):
        for groups in _GROUPS:
            for correlation in _CORRELATIONS:
                truth = GroupedArms(groups, _SIZE, 0.01 + gain, 0.01, correlation)
                yield GroupScenario(f"gains {100 * gain:g} points", truth, is_null=False)


@dataclass(frozen=True)
class GroupPoint:
    """A scenario and the gate's verdicts on it."""

    scenario: GroupScenario
    verdicts: GroupedVerdicts

    @property
    def holds(self) -> bool | None:
        """Whether the whole interval of false blessings is within the level; None for gains."""
        if not self.scenario.is_null:
            return None
        return wilson_interval(self.verdicts.by_group, self.verdicts.runs)[1] <= MOST_BLESSED

    def row(self) -> dict[str, object]:
        """Formats the point as a row of the CSV file."""
        scenario, verdicts = self.scenario, self.verdicts
        low, high = wilson_interval(verdicts.by_group, verdicts.runs)
        return {
            "truth": scenario.name,
            "test": scenario.gate.test,
            "groups": scenario.truth.groups,
            "examples": scenario.truth.groups * scenario.truth.size,
            "correlation": f"{scenario.truth.correlation:g}",
            "runs": verdicts.runs,
            "blessed_by_group": f"{verdicts.by_group / verdicts.runs:.4f}",
            "ci95_low": f"{low:.4f}",
            "ci95_high": f"{high:.4f}",
            "blessed_by_example": f"{verdicts.by_example / verdicts.runs:.4f}",
            "holds": "" if self.holds is None else ("yes" if self.holds else "no"),
        }


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder."
)
def main(runs: int, seed: int, output: Path) -> None:
    """Simulate evaluations of grouped examples and let the gate judge each in both ways."""
    points = [
        GroupPoint(scenario, simulate_groups(scenario.truth, scenario.gate, runs, seed))
        for scenario in track(group_scenarios(), "Simulating", disable=not sys.stderr.isatty())
    ]
    rows = [point.row() for point in points]
    output.mkdir(parents=True, exist_ok=True)
    text = csv_text(rows[0], [row.values() for row in rows])
    (output / TABLE).write_text(text, encoding="utf-8")
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=150).print(table)
    sys.exit(1 if any(point.holds is False for point in points) else 0)


if __name__ == "__main__":
    main()
