"""Simulates how often a model replaces the one that is served, where the truth is known.

    python -m research.served_simulation

It prints a table and writes docs/gate/served.csv. It exits with 1 if a model that is truly worse
than the gate allows replaces the served one more often than its level.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from modules.core.arms import PRETRAINED, SCRATCH, SERVED, WARM_START
from modules.core.csv_text import csv_text
from modules.evaluation.gate import judge
from modules.evaluation.paired_statistics import wilson_interval
from modules.settings import GateSettings

FOLDER = Path("docs/gate")
FEWEST_RUNS = 2000
EVAL_SIZES = (100, 300, 900, 3000)
# Share of answers on which two models differ that are equally good.
DIFFERING = (0.01, 0.04)
NAMES = [f"class {label}" for label in range(10)]

_ACCURACY = 0.95
_POINT = 0.01


@dataclass(frozen=True)
class Replacement:
    """A candidate whose true difference from the served model is known.

    Attributes:
        effect: True accuracy of the candidate minus that of the served model.
        differing: Share of answers on which they would differ if they were equally good.
        examples: Eval examples.
        gate: What the candidate has to prove.
    """

    effect: float
    differing: float
    examples: int
    gate: GateSettings

    @property
    def is_error(self) -> bool:
        """Whether a replacement would be wrong: the truth is at the rule's edge or below it."""
        edge = 0.0 if self.gate.served == "better" else -self.gate.served_margin
        return self.effect <= edge

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Draws labels and predictions, int64 [N]; the other requirements are met by far."""
        labels = np.arange(self.examples) % len(NAMES)
        fixed = self.differing / 2 + max(0.0, self.effect)
        broken = self.differing / 2 + max(0.0, -self.effect)
        candidate = rng.random(self.examples) < _ACCURACY
        luck = rng.random(self.examples)
        served = np.where(candidate, luck >= fixed / _ACCURACY, luck < broken / (1.0 - _ACCURACY))
        weak = rng.random(self.examples) < 0.6
        right = {WARM_START: candidate, SERVED: served, PRETRAINED: weak, SCRATCH: weak}
        wrong = (labels + 1) % len(NAMES)
        return labels, {arm: np.where(own, labels, wrong) for arm, own in right.items()}


def replacements() -> Iterator[Replacement]:
    """Yields truths from far below to above what is served, for each rule, size and variance."""
    rules = {
        "not_worse": (-2 * _POINT, -_POINT, 0.0, _POINT, 2 * _POINT),
        "better": (-_POINT, 0.0, _POINT, 2 * _POINT),
    }
    for rule, effects in rules.items():
        gate = GateSettings.model_validate({"served": rule})
        for effect in effects:
            for differing in DIFFERING:
                for examples in EVAL_SIZES:
                    yield Replacement(effect, differing, examples, gate)


def count_replaced(truth: Replacement, runs: int, seed: int = 0) -> int:
    """Counts the simulated evaluations in which the candidate replaces the served model."""
    rng = np.random.default_rng(seed)
    return sum(judge(*truth.draw(rng), NAMES, truth.gate, seed=run).blessed for run in range(runs))


def row(truth: Replacement, runs: int, replaced: int) -> dict[str, object]:
    """Formats a truth and its outcome for the CSV file."""
    low, high = wilson_interval(replaced, runs)
    level = 1.0 - truth.gate.confidence
    return {
        "rule": truth.gate.served,
        "true_difference": f"{truth.effect:+.3f}",
        "differing": f"{truth.differing:.2f}",
        "eval_examples": truth.examples,
        "runs": runs,
        "replaced": f"{replaced / runs:.4f}",
        "ci95_low": f"{low:.4f}",
        "ci95_high": f"{high:.4f}",
        "holds": ("yes" if high <= level else "no") if truth.is_error else "",
    }


@click.command()
@click.option("--runs", type=click.IntRange(min=FEWEST_RUNS), default=4000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder."
)
def main(runs: int, seed: int, output: Path) -> None:
    """Simulate candidates whose true difference from the served model is known."""
    rows = [row(truth, runs, count_replaced(truth, runs, seed)) for truth in replacements()]
    output.mkdir(parents=True, exist_ok=True)
    text = csv_text(rows[0], [each.values() for each in rows])
    (output / "served.csv").write_text(text, encoding="utf-8")
    table = Table(*rows[0])
    for each in rows:
        table.add_row(*map(str, each.values()))
    Console(width=120).print(table)
    sys.exit(1 if any(each["holds"] == "no" for each in rows) else 0)


if __name__ == "__main__":
    main()
