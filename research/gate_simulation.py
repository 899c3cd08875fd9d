"""Simulates the transfer gate on arms whose true accuracies are known.

    python -m research.gate_simulation

It prints a table and writes docs/gate/simulation.csv and simulation.png. It exits with 1 if the
gate blesses more often than its level allows where nothing was gained.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from matplotlib.axes import Axes
from rich.console import Console
from rich.progress import track
from rich.table import Table

from modules.core.csv_text import csv_text
from modules.evaluation.paired_statistics import wilson_interval
from modules.study.plot import png_figure
from research.simulated.arms import SimulatedVerdicts, simulate
from research.simulated.scenarios import Scenario, scenarios

FOLDER = Path("docs/gate")
FEWEST_RUNS = 2000


@dataclass(frozen=True)
class Point:
    """A scenario and the gate's verdicts on it."""

    scenario: Scenario
    verdicts: SimulatedVerdicts

    @property
    def rate(self) -> float:
        """Share of blessings."""
        return self.verdicts.blessed / self.verdicts.runs

    @property
    def ci95(self) -> tuple[float, float]:
        """95 % interval of the share of blessings."""
        return wilson_interval(self.verdicts.blessed, self.verdicts.runs)

    @property
    def holds(self) -> bool | None:
        """Whether the whole interval is within the scenario's bound; None where there is none."""
        low, high = self.ci95
        if self.scenario.most_blessed is not None:
            return high <= self.scenario.most_blessed
        if self.scenario.fewest_blessed is not None:
            return low >= self.scenario.fewest_blessed
        return None

    def row(self) -> dict[str, object]:
        """Formats the point as a row of the CSV file."""
        scenario, verdicts = self.scenario, self.verdicts
        low, high = self.ci95
        return {
            "kind": scenario.kind,
            "truth": scenario.name,
            "test": scenario.gate.test,
            "eval_examples": scenario.truth.examples,
            "true_effect": f"{scenario.effect:+.3f}",
            "runs": verdicts.runs,
            "blessed": f"{self.rate:.4f}",
            "ci95_low": f"{low:.4f}",
            "ci95_high": f"{high:.4f}",
            "class_alarms": f"{verdicts.class_alarms / verdicts.runs:.4f}",
            "untested_class_alarms": f"{verdicts.raw_class_falls / verdicts.runs:.4f}",
            "holds": "" if self.holds is None else ("yes" if self.holds else "no"),
        }


@click.command()
@click.option("--runs", type=click.IntRange(min=FEWEST_RUNS), default=4000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder."
)
def main(runs: int, seed: int, output: Path) -> None:
    """Simulate evaluations whose truth is known and let the gate judge each."""
    chosen = scenarios()
    points = [
        Point(scenario, simulate(scenario.truth, scenario.gate, runs, seed))
        for scenario in track(chosen, "Simulating", disable=not sys.stderr.isatty())
    ]
    output.mkdir(parents=True, exist_ok=True)
    rows = [point.row() for point in points]
    text = csv_text(rows[0], [row.values() for row in rows])
    (output / "simulation.csv").write_text(text, encoding="utf-8")
    _draw(points, output / "simulation.png")
    _print_table(points)
    sys.exit(1 if any(point.holds is False for point in points) else 0)


def _print_table(points: Sequence[Point]) -> None:
    table = Table("kind", "truth", "examples", "true effect", "blessed", "95 % interval", "holds")
    for point in points:
        low, high = point.ci95
        table.add_row(
            point.scenario.kind,
            point.scenario.name,
            f"{point.scenario.truth.examples:,}",
            f"{100 * point.scenario.effect:+.1f}",
            f"{100 * point.rate:.1f}%",
            f"{100 * low:.1f} to {100 * high:.1f}",
            str(point.row()["holds"]),
        )
    Console(width=130).print(table)


def _draw(points: Sequence[Point], path: Path) -> None:
    """Draws how often a gain is blessed, and how often a fallen class is overlooked."""
    with png_figure(path, (9, 3.6)) as figure:
        gains, falls = figure.subplots(1, 2, sharey=True)
        _lines(gains, points, "power", lambda point: f"{point.scenario.truth.examples:,} examples")
        gains.set(xlabel="true gain over the pretrained model (points)", ylabel="blessed (%)")
        gains.set_title("Every class gains")
        _lines(
            falls,
            points,
            "class falls",
            lambda point: f"{point.scenario.truth.examples_per_class} a class",
        )
        falls.set(xlabel="true fall of one class of ten (points)")
        falls.set_title("One class falls, nine gain")


def _lines(axes: Axes, points: Sequence[Point], kind: str, name: Callable[[Point], str]) -> None:
    series: dict[str, list[Point]] = {}
    for point in points:
        if point.scenario.kind == kind:
            series.setdefault(name(point), []).append(point)
    for label, line in series.items():
        effects = [100 * abs(point.scenario.effect) for point in line]
        axes.plot(effects, [100 * point.rate for point in line], marker="o", ms=3, label=label)
    axes.axhline(5, color="0.5", linewidth=0.8, linestyle="--")
    axes.legend(fontsize=8)


if __name__ == "__main__":
    main()
