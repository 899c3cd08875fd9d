"""How well the transferability estimates rank what a transfer is really worth.

    python -m research.transferability --output runs/transferability

Seven pretrainings of different strength times the generated shifts of MNIST, each pair fine-tuned
on ten labelled images a class. Stopped, the same command goes on with the next pair; other settings
need another --output. It writes pairs.csv, ranking.csv, ranking.md, ranking.svg and ranking.png.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console

from modules.core.atomic_files import write_atomically
from modules.images.domain_shifts import shift_names
from modules.study.plot import COLOURS, STYLE
from modules.study.summary import to_markdown
from pipelines.config import Config, load_config
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
from research.transfer_pairs import PRETRAININGS, Pair, PairRunner, Pretraining

CONFIG = "configs/mnist_to_optdigits.yaml"
SOURCE = Path("data/mnist")
OUTCOMES = ("accuracy", "gain over scratch", "gain over zero-shot")
# Of the configuration: the pipeline gives the TransformGraph alone.
_OVERRIDES = ("pretraining.steps=1", "transfer.steps=100")


@dataclass(frozen=True)
class Ranking:
    """How an estimate ranks an outcome.

    Attributes:
        estimate: Its name.
        outcome: One of `OUTCOMES`.
        over: What is ranked.
        correlation: Positive where the estimate says the right thing.
    """

    estimate: str
    outcome: str
    over: Over
    correlation: RankCorrelation


def run_pairs(
    names: Sequence[str],
    pretrainings: Sequence[Pretraining],
    output: Path,
    overrides: Sequence[str],
    limit: int,
) -> list[Pair]:
    """Measures the pairs that are not there yet.

    Args:
        names: Of the shifts.
        pretrainings: The sources.
        output: Folder for all of it.
        overrides: `key.path=value`.
        limit: Images of each shifted domain.

    Returns:
        All pairs, sources in their order, then shifts.
    """
    config = load_config(CONFIG, [*_OVERRIDES, *overrides])
    paths = {
        (pretraining, name): output / "pairs" / f"{pretraining.name}-to-{name}.json"
        for pretraining in pretrainings
        for name in names
    }
    missing = [place for place, path in paths.items() if not path.exists()]
    if missing:
        runner = _runner(config, output)
        targets = {
            name: runner.read_target(name, SOURCE, output / "data" / name, limit)
            for name in dict.fromkeys(name for _, name in missing)
        }
        for pretraining in dict.fromkeys(pretraining for pretraining, _ in missing):
            chosen = [targets[name] for source, name in missing if source == pretraining]
            for pair in runner.run(pretraining, chosen):
                _keep(pair, paths[pretraining, pair.target])
                print(f"{pair.source} to {pair.target}: {100 * pair.fine_tuned:.1f} %", flush=True)
    return [Pair(**json.loads(path.read_text(encoding="utf-8"))) for path in paths.values()]


def rank(pairs: Sequence[Pair], resamples: int = RESAMPLES) -> list[Ranking]:
    """Correlates each estimate with each outcome, over all pairs, sources and targets.

    Args:
        pairs: One for each source and each target.
        resamples: Of the bootstrap.

    Returns:
        The rankings.
    """
    outcomes = {
        "accuracy": [pair.fine_tuned for pair in pairs],
        "gain over scratch": [pair.fine_tuned - pair.scratch for pair in pairs],
        "gain over zero-shot": [pair.fine_tuned - pair.zero_shot for pair in pairs],
    }
    return [
        Ranking(
            name,
            outcome,
            over,
            rank_correlation(estimate, _table(pairs, values), over, resamples),
        )
        for name in pairs[0].estimates
        for estimate in [_table(pairs, [pair.estimates[name] for pair in pairs])]
        for outcome, values in outcomes.items()
        for over in OVER
    ]


def write_rankings(pairs: Sequence[Pair], rankings: Sequence[Ranking], output: Path) -> str:
    """Writes pairs and rankings as CSV, the rankings as Markdown and a plot.

    Args:
        pairs: All of them.
        rankings: Of `rank`.
        output: An existing folder.

    Returns:
        The Markdown.
    """
    names = list(pairs[0].estimates)
    with (output / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("source", "shift", *names, "zero_shot", "scratch", "fine_tuned"))
        for pair in pairs:
            estimates = (f"{pair.estimates[name]:.6g}" for name in names)
            arms = (pair.zero_shot, pair.scratch, pair.fine_tuned)
            writer.writerow((pair.source, pair.target, *estimates, *arms))
    with (output / "ranking.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("estimate", "outcome", "over", "spearman", "low", "high"))
        for row in rankings:
            found = row.correlation
            numbers = (f"{value:.4f}" for value in (found.value, found.low, found.high))
            writer.writerow((row.estimate, row.outcome, row.over, *numbers))
    texts = {(row.outcome, row.over, row.estimate): str(row.correlation) for row in rankings}
    lines = [
        [outcome, over, *(texts[outcome, over, name] for name in names)]
        for outcome in OUTCOMES
        for over in OVER
    ]
    text = to_markdown([["outcome", "over", *names], *lines])
    (output / "ranking.md").write_text(text, encoding="utf-8")
    _plot(rankings, names, output)
    return text


def _table(pairs: Sequence[Pair], values: Sequence[float]) -> Table:
    sources = len(dict.fromkeys(pair.source for pair in pairs))
    return np.array(values).reshape(sources, -1)


def _runner(config: Config, output: Path) -> PairRunner:
    logging.getLogger("absl").setLevel(logging.WARNING)
    with RunDisplay(Console()) as display:
        inputs = prepare_study(config, output / "pipeline", display)
    return PairRunner(config, inputs.transform_graph, SOURCE)


def _keep(pair: Pair, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(asdict(pair)) + "\n")


def _plot(rankings: Sequence[Ranking], names: Sequence[str], output: Path) -> None:
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(9.0, 2.8), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(OUTCOMES), sharey=True, sharex=True)
        for axes, outcome in zip(panels, OUTCOMES, strict=True):
            axes.axvline(0.0, color="0.7", linewidth=0.8)
            for place, over in enumerate(OVER):
                found = {
                    row.estimate: row.correlation
                    for row in rankings
                    if (row.outcome, row.over) == (outcome, over)
                }
                axes.errorbar(
                    [found[name].value for name in names],
                    [index + 0.2 * (place - 1) for index in range(len(names))],
                    xerr=[
                        [max(found[name].value - found[name].low, 0.0) for name in names],
                        [max(found[name].high - found[name].value, 0.0) for name in names],
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
        figure.savefig(output / "ranking.svg", metadata={"Date": None})
        figure.savefig(output / "ranking.png", dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Rank transfers by what was estimated of them.")
    parser.add_argument("--output", type=Path, default=Path("runs/transferability"))
    parser.add_argument("--shifts", nargs="+", choices=shift_names(), default=shift_names())
    parser.add_argument("--limit", type=int, default=2000, metavar="N", help="images of each shift")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    measured = run_pairs(
        arguments.shifts,
        PRETRAININGS,
        arguments.output.resolve(),
        arguments.overrides,
        arguments.limit,
    )
    print(write_rankings(measured, rank(measured), arguments.output))
