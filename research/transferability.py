"""How well the transferability estimates rank what a transfer is really worth.

    python -m research.transferability --output runs/transferability

Seven pretrainings of different strength times the generated shifts of MNIST, each pair fine-tuned
on ten labelled images a class. If interrupted, rerun the same command to resume; other settings
need another --output. It writes pairs.csv, ranking.csv, ranking.md and ranking.png.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.console import Console

from modules.core.atomic_files import write_atomically
from modules.core.csv_text import csv_text
from modules.study.plot import COLOURS, png_figure
from modules.study.summary import to_markdown
from pipelines.config import load_config
from pipelines.running.display import RunDisplay
from pipelines.study.pipeline import prepare_study
from research.rank_correlation import (
    OVER,
    RESAMPLES,
    Over,
    RankCorrelation,
    Table,
    rank_correlation,
)
from research.shift_arguments import CONFIG, SOURCE, shift_parser
from research.transfer_pairs import PRETRAININGS, Pair, PairRunner

OUTCOMES = ("accuracy", "gain over scratch", "gain over zero-shot")
# All that is needed of the pipeline is its TransformGraph.
_OVERRIDES = ("pretraining.steps=1", "transfer.steps=100")


# How an estimate ranks an outcome, by estimate, outcome and what is ranked: positive where a higher
# estimate goes with a better outcome.
Rankings: TypeAlias = Mapping[tuple[str, str, Over], RankCorrelation]


def _run_pairs(
    names: Sequence[str], output: Path, overrides: Sequence[str], limit: int
) -> list[Pair]:
    """Measures the pairs that are still missing; returns all: sources in order, then shifts."""
    config = load_config(CONFIG, [*_OVERRIDES, *overrides])
    paths = {
        (pretraining, name): output / "pairs" / f"{pretraining.name}-to-{name}.json"
        for pretraining in PRETRAININGS
        for name in names
    }
    missing = [place for place, path in paths.items() if not path.exists()]
    if missing:
        logging.getLogger("absl").setLevel(logging.WARNING)
        with RunDisplay(Console()) as display:
            inputs = prepare_study(config, output / "pipeline", display)
        runner = PairRunner(config, inputs.transform_graph, SOURCE)
        targets = {
            name: runner.read_target(name, SOURCE, output / "data" / name, limit)
            for name in dict.fromkeys(name for _, name in missing)
        }
        for pretraining in dict.fromkeys(pretraining for pretraining, _ in missing):
            chosen = [targets[name] for source, name in missing if source == pretraining]
            for pair in runner.run(pretraining, chosen):
                path = paths[pretraining, pair.target]
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, json.dumps(asdict(pair)) + "\n")
                print(f"{pair.source} to {pair.target}: {100 * pair.fine_tuned:.1f} %", flush=True)
    return [Pair(**json.loads(path.read_text(encoding="utf-8"))) for path in paths.values()]


def rank(pairs: Sequence[Pair], resamples: int = RESAMPLES) -> Rankings:
    """Correlates each estimate with each outcome, over all pairs, sources and targets.

    Args:
        pairs: One for each source and each target.
        resamples: Number of bootstrap resamples.
    """
    outcomes = {
        "accuracy": [pair.fine_tuned for pair in pairs],
        "gain over scratch": [pair.fine_tuned - pair.scratch for pair in pairs],
        "gain over zero-shot": [pair.fine_tuned - pair.zero_shot for pair in pairs],
    }
    return {
        (name, outcome, over): rank_correlation(estimate, _table(pairs, values), over, resamples)
        for name in pairs[0].estimates
        for estimate in [_table(pairs, [pair.estimates[name] for pair in pairs])]
        for outcome, values in outcomes.items()
        for over in OVER
    }


def write_rankings(pairs: Sequence[Pair], rankings: Rankings, output: Path) -> str:
    """Writes pairs.csv, ranking.csv, ranking.md and ranking.png; returns the Markdown."""
    names = list(pairs[0].estimates)
    arms = ("zero_shot", "scratch", "fine_tuned")
    rows = []
    for pair in pairs:
        estimates = (f"{pair.estimates[name]:.6g}" for name in names)
        rows.append((pair.source, pair.target, *estimates, *(getattr(pair, arm) for arm in arms)))
    write_atomically(output / "pairs.csv", csv_text(("source", "shift", *names, *arms), rows))
    ranked = [(*place, *(f"{value:.4f}" for value in found)) for place, found in rankings.items()]
    header = ("estimate", "outcome", "over", "spearman", "low", "high")
    write_atomically(output / "ranking.csv", csv_text(header, ranked))
    lines = [
        [outcome, over, *(str(rankings[name, outcome, over]) for name in names)]
        for outcome in OUTCOMES
        for over in OVER
    ]
    text = to_markdown([["outcome", "over", *names], *lines])
    (output / "ranking.md").write_text(text, encoding="utf-8")
    _plot(rankings, names, output / "ranking.png")
    return text


def _table(pairs: Sequence[Pair], values: Sequence[float]) -> Table:
    sources = len(dict.fromkeys(pair.source for pair in pairs))
    return np.array(values).reshape(sources, -1)


def _plot(rankings: Rankings, names: Sequence[str], path: Path) -> None:
    with png_figure(path, (9.0, 2.8)) as figure:
        panels = figure.subplots(1, len(OUTCOMES), sharey=True, sharex=True)
        for axes, outcome in zip(panels, OUTCOMES, strict=True):
            axes.axvline(0.0, color="0.7", linewidth=0.8)
            for place, over in enumerate(OVER):
                found = [rankings[name, outcome, over] for name in names]
                axes.errorbar(
                    [ranking.value for ranking in found],
                    [index + 0.2 * (place - 1) for index in range(len(names))],
                    xerr=[
                        [max(ranking.value - ranking.low, 0.0) for ranking in found],
                        [max(ranking.high - ranking.value, 0.0) for ranking in found],
                    ],
                    linestyle="",
                    marker="oDs"[place],
                    color=COLOURS[place],
                    markersize=4,
                    label=over if axes is panels[0] else None,
                )
            axes.set_title(outcome)
            axes.set_xlim(-1.05, 1.05)
            axes.tick_params(length=0)
            axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        panels[0].invert_yaxis()
        figure.supxlabel("Spearman's rank correlation, 95 % interval", fontsize="medium")
        figure.legend(loc="outside upper left", ncols=len(OVER), title="ranked over")


if __name__ == "__main__":
    parser = shift_parser(
        "Rank transfers by what was estimated of them.", "runs/transferability", limit=2000
    )
    chosen = parser.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    measured = _run_pairs(chosen.shifts, chosen.output.resolve(), chosen.overrides, chosen.limit)
    print(write_rankings(measured, rank(measured), chosen.output))
