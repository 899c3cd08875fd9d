"""The default recipe on generated shifts of MNIST, beside zero-shot and training from scratch.

    python -m research.domain_shifts --output runs/shifts

Each shift is a domain of its own (`data/write_domain_shift.py`) and a study of its own
(`warmstart study`); all share one pretrained model. The command goes on where it was stopped, and
writes shifts.csv, shifts.md, shifts.svg and shifts.png.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from data.write_domain_shift import write_domain_shift
from modules.core.arms import SCRATCH
from modules.images.domain_shifts import shift_names
from modules.study.cells import ZERO_SHOT
from modules.study.plot import COLOURS, STYLE
from modules.study.summary import SummaryRow, to_markdown
from pipelines.config import load_config
from pipelines.study.runner import run_study

CONFIG = "configs/mnist_to_optdigits.yaml"
SOURCE = Path("data/mnist")
SHOTS = (1, 10)


class ShiftResult:
    """One shift's study.

    Args:
        name: Of the shift.
        rows: Of its study.
        recipe: The method that the configuration names.
    """

    def __init__(self, name: str, rows: Sequence[SummaryRow], recipe: str) -> None:
        self.name = name
        by_place = {(row.method, row.shots): row for row in rows}
        self.zero_shot = by_place[ZERO_SHOT, SHOTS[0]]
        self.scratch = {shots: by_place[SCRATCH, shots] for shots in SHOTS}
        self.recipe = {shots: by_place[recipe, shots] for shots in SHOTS}

    def gain(self, shots: int) -> float:
        """The recipe's mean above zero-shot, in points."""
        return 100 * (self.recipe[shots].mean - self.zero_shot.mean)

    def line(self) -> list[str]:
        """Gives the shift's line of the table."""
        return [
            self.name,
            str(self.zero_shot),
            *(str(arm[shots]) for shots in SHOTS for arm in (self.scratch, self.recipe)),
            *(f"{self.gain(shots):+.1f}" for shots in SHOTS),
        ]


HEADER = (
    "shift",
    "zero-shot",
    *(f"{arm}, {shots}" for shots in SHOTS for arm in ("scratch", "recipe")),
    *(f"recipe - zero-shot, {shots}" for shots in SHOTS),
)


def run_shifts(
    names: Sequence[str], output: Path, repeats: int, overrides: Sequence[str], limit: int | None
) -> list[ShiftResult]:
    """Studies the shifts one after the other.

    Args:
        names: Of the shifts.
        output: Folder for data and studies.
        repeats: Trainings of each arm with each number of shots.
        overrides: `key.path=value`, for all studies.
        limit: Images of each shifted domain, at most; None for as many as MNIST's test split has.

    Returns:
        A result a shift, in the same order.
    """
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
    lines = [HEADER, *(result.line() for result in results)]
    with (output / "shifts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("shift", "method", "shots", "repeats", "mean", "sd"))
        for result in results:
            for row in (result.zero_shot, *result.scratch.values(), *result.recipe.values()):
                values = (row.method, row.shots, len(row.accuracies), row.mean, row.sd)
                writer.writerow((result.name, *values))
    text = to_markdown(lines)
    (output / "shifts.md").write_text(text, encoding="utf-8")
    _plot(results, output)
    return text


def _plot(results: Sequence[ShiftResult], output: Path) -> None:
    arms: Mapping[str, list[SummaryRow]] = {
        "zero-shot": [result.zero_shot for result in results],
        **{f"scratch, {shots}": [result.scratch[shots] for result in results] for shots in SHOTS},
        **{f"recipe, {shots}": [result.recipe[shots] for result in results] for shots in SHOTS},
    }
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(7.2, 0.6 + 0.42 * len(results)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for place, (name, rows) in enumerate(arms.items()):
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
        axes.figure.legend(loc="outside upper left", ncols=5)
        figure.savefig(output / "shifts.svg", metadata={"Date": None})
        figure.savefig(output / "shifts.png", dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Study the recipe on generated shifts of MNIST.")
    parser.add_argument("--output", type=Path, default=Path("runs/shifts"))
    parser.add_argument("--shifts", nargs="+", choices=shift_names(), default=shift_names())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=int, metavar="N", help="images of each shift, at most")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    done = run_shifts(
        arguments.shifts,
        arguments.output,
        arguments.repeats,
        arguments.overrides,
        arguments.limit,
    )
    print(write_shifts(done, arguments.output))
