"""Simulates repeated attempts on one eval split, under several rules for their levels.

    python -m research.attempt_simulation

It prints a table and writes docs/gate/attempts.csv. It exits with 1 if, with the gate's own rule,
any attempt is blessed by mistake more often than the level allows, where candidates are made
without a look at the split. Those that are made from what did best on it show what a look costs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from modules.core.csv_text import csv_text
from modules.evaluation.attempts import attempt_level
from modules.evaluation.paired_counts import paired_counts
from modules.evaluation.paired_statistics import mcnemar_p_value, wilson_interval
from modules.settings import GateSettings

FOLDER = Path("docs/gate")
TABLE = "attempts.csv"
ATTEMPTS = (1, 2, 3, 5, 10, 20)
# The gate's own rule, and what else was considered.
OWN_RULE = "1 / (k (k - 1)) of the level"
RULES: Mapping[str, Callable[[int], float]] = {
    "full level each time": lambda _: 0.05,
    "half the level each time": lambda attempt: 0.05 / 2 ** (attempt - 1),
    OWN_RULE: lambda attempt: attempt_level(GateSettings(), attempt),
}

_EXAMPLES = 900
_ACCURACY = 0.85
_BROKEN = 0.01
# Share of the best candidate's answers that the next one keeps, of someone who goes on from it.
_KEPT = 0.8

Search = Literal["new candidates", "candidates like the best one so far"]
NEW_CANDIDATES: Search = "new candidates"
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AttemptTruth:
    """What is true of each candidate.

    Attributes:
        gain: True accuracy of a candidate minus that of the pretrained model.
        search: Where the next candidate comes from: trained anew without a look at the split, or
            made from the one that did best on the split.
    """

    gain: float
    search: Search = NEW_CANDIDATES


TRUTHS = (
    AttemptTruth(0.0),
    AttemptTruth(0.0, "candidates like the best one so far"),
    AttemptTruth(0.02),
    AttemptTruth(0.03),
)


def simulate_attempts(
    truth: AttemptTruth, runs: int, seed: int = 0
) -> tuple[dict[str, npt.NDArray[np.int64]], dict[str, npt.NDArray[np.int64]]]:
    """Lets candidates be judged one after the other until the first blessing.

    Returns:
        By rule, how many runs had a blessing up to each attempt of `ATTEMPTS`, and how many
        candidates would be blessed at each of these attempts, int64 [len(ATTEMPTS)] each.
    """
    rng = np.random.default_rng(seed)
    until = {rule: np.zeros(len(ATTEMPTS), np.int64) for rule in RULES}
    at = {rule: np.zeros(len(ATTEMPTS), np.int64) for rule in RULES}
    numbers = np.arange(1, max(ATTEMPTS) + 1)
    wanted = np.array(ATTEMPTS) - 1
    levels = {rule: np.array([level(int(k)) for k in numbers]) for rule, level in RULES.items()}
    for _ in range(runs):
        chances = _chances(truth, rng)
        for rule in RULES:
            blessed = chances < levels[rule]
            until[rule] += np.logical_or.accumulate(blessed)[wanted]
            at[rule] += blessed[wanted]
    return until, at


def _chances(truth: AttemptTruth, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """The p-value of each attempt of one run; 1 for a candidate that is not better."""
    pretrained = rng.random(_EXAMPLES) < _ACCURACY
    best: Right | None = None
    chances = []
    for _ in range(max(ATTEMPTS)):
        candidate = _candidate(truth.gain, pretrained, rng)
        if best is not None and truth.search != NEW_CANDIDATES:
            candidate = np.where(rng.random(_EXAMPLES) < _KEPT, best, candidate)
        if best is None or candidate.sum() > best.sum():
            best = candidate
        counts = paired_counts(candidate, pretrained)
        is_better = counts.difference > 0
        chances.append(mcnemar_p_value(counts.fixed, counts.broken) if is_better else 1.0)
    return np.array(chances)


def _candidate(gain: float, pretrained: Right, rng: np.random.Generator) -> Right:
    broken = _BROKEN if gain else 0.025
    chance = np.where(pretrained, 1 - broken / _ACCURACY, (broken + gain) / (1 - _ACCURACY))
    return rng.random(_EXAMPLES) < chance


def rows(runs: int, seed: int) -> list[dict[str, object]]:
    """Simulates every truth under every rule."""
    found = []
    for truth in TRUTHS:
        until, at = simulate_attempts(truth, runs, seed)
        for rule in RULES:
            for place, attempts in enumerate(ATTEMPTS):
                blessed = int(until[rule][place])
                low, high = wilson_interval(blessed, runs)
                found.append(
                    {
                        "true_gain": f"{truth.gain:+.3f}",
                        "search": truth.search,
                        "rule": rule,
                        "attempts": attempts,
                        "runs": runs,
                        "any_blessed": f"{blessed / runs:.4f}",
                        "ci95_low": f"{low:.4f}",
                        "ci95_high": f"{high:.4f}",
                        "blessed_at_this_attempt": f"{int(at[rule][place]) / runs:.4f}",
                    }
                )
    return found


def exceeds_its_level(row: Mapping[str, object]) -> bool:
    """Whether the gate's own rule blesses, by mistake, more often than the level allows."""
    is_null = row["rule"] == OWN_RULE and float(str(row["true_gain"])) == 0.0
    is_blind = row["search"] == NEW_CANDIDATES
    return is_null and is_blind and float(str(row["ci95_high"])) > 0.05


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=4000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder."
)
def main(runs: int, seed: int, output: Path) -> None:
    """Simulate attempts on one eval split until the first blessing, or twenty of them."""
    found = rows(runs, seed)
    output.mkdir(parents=True, exist_ok=True)
    text = csv_text(found[0], [row.values() for row in found])
    (output / TABLE).write_text(text, encoding="utf-8")
    table = Table(*(name.replace("_", " ") for name in found[0]))
    for row in found:
        table.add_row(*map(str, row.values()))
    Console(width=150).print(table)
    sys.exit(1 if any(map(exceeds_its_level, found)) else 0)


if __name__ == "__main__":
    main()
