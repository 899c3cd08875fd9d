"""The default recipe on generated shifts of MNIST, beside zero-shot and training from scratch.

    python -m research.domain_shifts --output runs/shifts

Each shift is a domain (`data/write_domain_shift.py`) with a study of its own (`warmstart study`);
all share one pretrained model. If interrupted, rerun the same command to resume. It writes
shifts.csv, shifts.md and shifts.png.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.write_domain_shift import write_domain_shift
from modules.core.arms import SCRATCH
from modules.core.csv_text import csv_text
from modules.study.cells import ZERO_SHOT
from modules.study.plot import COLOURS, png_figure
from modules.study.summary import SummaryRow, to_markdown
from pipelines.config import load_config
from pipelines.study.runner import run_study
from research.shift_arguments import CONFIG, SOURCE, shift_parser

SHOTS = (1, 10)


_COLUMNS = ("zero-shot", *(f"{arm}, {shots}" for shots in SHOTS for arm in ("scratch", "recipe")))
HEADER = ("shift", *_COLUMNS, *(f"recipe - zero-shot, {shots}" for shots in SHOTS))


class ShiftResult:
    """One shift's study; the recipe is the method that the configuration names."""

    def __init__(self, name: str, rows: Sequence[SummaryRow], recipe: str) -> None:
        self.name = name
        by_place = {(row.method, row.shots): row for row in rows}
        self.arms = {
            "zero-shot": by_place[ZERO_SHOT, SHOTS[0]],
            **{f"scratch, {shots}": by_place[SCRATCH, shots] for shots in SHOTS},
            **{f"recipe, {shots}": by_place[recipe, shots] for shots in SHOTS},
        }

    def gain(self, shots: int) -> float:
        """Subtracts zero-shot from the recipe's mean, in points."""
        return 100 * (self.arms[f"recipe, {shots}"].mean - self.arms["zero-shot"].mean)

    def line(self) -> list[str]:
        """Formats the shift's line of the table."""
        cells = (str(self.arms[column]) for column in _COLUMNS)
        return [self.name, *cells, *(f"{self.gain(shots):+.1f}" for shots in SHOTS)]


def _run_shifts(
    names: Sequence[str], output: Path, repeats: int, overrides: Sequence[str], limit: int | None
) -> list[ShiftResult]:
    """Studies the shifts one after the other, with the arguments of the command line."""
    results = []
    for name in names:
        data = output / name / "data"
        write_domain_shift(name, SOURCE, data, limit)
        target = [f"target.name={name}", f"target.path={data}", f"name=mnist_to_{name}"]
        config = load_config(CONFIG, [*target, *overrides])
        recipe = config.transfer.method
        rows = run_study(
            config,
            output / name,
            shots=SHOTS,
            methods=(ZERO_SHOT, SCRATCH, recipe),
            repeats=repeats,
            pipeline=output / "pipeline",
        )
        results.append(ShiftResult(name, rows, recipe))
    return results


def write_shifts(results: Sequence[ShiftResult], output: Path) -> str:
    """Writes the table as CSV and Markdown, and the plot; returns the Markdown."""
    rows = [
        (result.name, row.method, row.shots, len(row.accuracies), row.mean, row.sd)
        for result in results
        for row in result.arms.values()
    ]
    header = ("shift", "method", "shots", "repeats", "mean", "sd")
    (output / "shifts.csv").write_text(csv_text(header, rows), encoding="utf-8")
    text = to_markdown([HEADER, *(result.line() for result in results)])
    (output / "shifts.md").write_text(text, encoding="utf-8")
    _plot(results, output / "shifts.png")
    return text


def _plot(results: Sequence[ShiftResult], path: Path) -> None:
    with png_figure(path, (7.2, 0.6 + 0.42 * len(results))) as figure:
        axes = figure.add_subplot()
        for place, name in enumerate(results[0].arms):
            rows = [result.arms[name] for result in results]
            axes.errorbar(
                [100 * row.mean for row in rows],
                [index + 0.12 * (place - 2) for index in range(len(rows))],
                xerr=[100 * (row.sd or 0.0) for row in rows],
                linestyle="",
                marker="oDDss"[place],
                color=COLOURS[place],
                fillstyle="none" if place in (1, 3) else "full",
                markersize=5,
                label=name,
            )
        axes.set_yticks(range(len(results)), [result.name for result in results])
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.set_xlabel("target accuracy, %")
        figure.legend(loc="outside upper left", ncols=5)


if __name__ == "__main__":
    parser = shift_parser("Study the recipe on generated shifts of MNIST.", "runs/shifts", None)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    done = _run_shifts(chosen.shifts, chosen.output, chosen.repeats, chosen.overrides, chosen.limit)
    print(write_shifts(done, chosen.output))
