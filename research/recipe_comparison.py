"""The default recipe beside the one before it, which trains about twice as long.

    python -m research.recipe_comparison --output runs/recipes

Each run has optdigits with 0, 1 and 10 shots as three targets; with the first two seeds also the
generated shifts of MNIST, 10 shots each. Runs with the same seed share data, shots and initial
weights. If interrupted, rerun the same command to resume. It writes recipes.csv and recipes.md:
means and sample standard deviations over the seeds, and the differences paired by seed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from data.write_domain_shift import write_domain_shift
from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.core.atomic_files import write_atomically
from modules.core.csv_text import csv_text
from modules.models.serving_folder import TARGETS_FOLDER
from modules.study.summary import to_markdown
from research.shift_arguments import CONFIG, SOURCE, shift_parser

SHOTS = (0, 1, 10)
ARMS = (PRETRAINED, SCRATCH, WARM_START)
BEFORE = {
    "pretraining": {"steps": 800, "learning_rate": 1e-3, "schedule": "cosine"},
    "transfer": {
        "steps": 400,
        "batch_size": 48,
        "source_batch_size": 32,
        "learning_rate": 3e-4,
        "schedule": "cosine",
    },
}
RECIPES = ("before", "now")
HEADER = ("accuracy, %", *RECIPES, "now - before", "seeds")
_SEEDS, _SEEDS_OF_SHIFTS = 5, 2

# Accuracies in percent by what was measured, then by recipe: one a seed.
Figures = Mapping[str, Mapping[str, Sequence[float]]]


def recipe_config(recipe: str, seed: int, shifts: Mapping[str, Path]) -> dict[str, object]:
    """Gives the default scenario's configuration, in one of the recipes, for many targets.

    Args:
        recipe: One of `RECIPES`.
        seed: Of all trainings and draws.
        shifts: Folders of the generated targets, by name.
    """
    tree = yaml.safe_load(Path(CONFIG).read_text(encoding="utf-8"))
    target = tree.pop("target")
    tree |= BEFORE if recipe == "before" else {}
    tree["seed"] = seed
    tree["target"] = {"format": target["format"], "shots": target["shots"]}
    tree["targets"] = [
        {"name": f"optdigits_{shots}_shots", "path": target["path"], "shots": shots}
        for shots in SHOTS
    ] + [{"name": name, "path": str(path)} for name, path in shifts.items()]
    return tree


def _run(recipe: str, seed: int, shifts: Mapping[str, Path], output: Path) -> Path:
    """Runs a recipe with a seed, unless that very run has finished; returns its folder."""
    folder = output / f"{recipe}-{seed}"
    finished = folder / "finished.yaml"
    text = yaml.safe_dump(recipe_config(recipe, seed, shifts))
    if not finished.exists() or finished.read_text(encoding="utf-8") != text:
        config = output / f"{recipe}-{seed}.yaml"
        config.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pipelines.cli", "run", str(config)]
        subprocess.run([*command, "--output", str(folder)], check=True)
        write_atomically(finished, text)
    return folder


def read_accuracies(folder: Path, targets: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yields what one run measured and its accuracy in percent."""
    results = {
        name: json.loads(
            (folder / TARGETS_FOLDER / name / "result.json").read_text(encoding="utf-8")
        )
        for name in targets
    }
    yield "MNIST, after pretraining", 100 * results[targets[0]]["source"]["accuracy"]
    for name, result in results.items():
        for arm in ARMS:
            # Without shots, the control is an untrained network.
            if arm != SCRATCH or result["target"]["shots"]:
                yield f"{name}, {arm}", 100 * result["arms"][arm]["accuracy"]
        yield f"MNIST, after transfer to {name}", 100 * result["source"]["accuracy_after_transfer"]


def comparison_rows(figures: Figures) -> list[tuple[str, ...]]:
    """Formats a line for each thing that was measured."""
    rows = []
    for name, by_recipe in figures.items():
        before, now = (by_recipe[recipe] for recipe in RECIPES)
        differences = [b - a for a, b in zip(before, now, strict=True)]
        cells = (_mean_and_spread(values) for values in (before, now))
        change = f"{statistics.fmean(differences):+.2f} ± {statistics.stdev(differences):.2f}"
        rows.append((name, *cells, change, str(len(before))))
    return rows


def _mean_and_spread(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"


def main(names: Sequence[str], output: Path, limit: int) -> None:
    """Runs both recipes with every seed, by turns, and writes the tables."""
    output.mkdir(parents=True, exist_ok=True)
    generated = {name: output / "data" / name for name in names}
    for name, folder in generated.items():
        write_domain_shift(name, SOURCE, folder, limit)
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for seed in range(_SEEDS):
        shifts = generated if seed < _SEEDS_OF_SHIFTS else {}
        targets = [*(f"optdigits_{shots}_shots" for shots in SHOTS), *shifts]
        for recipe in RECIPES:
            for name, accuracy in read_accuracies(_run(recipe, seed, shifts, output), targets):
                figures[name][recipe].append(accuracy)
    rows = comparison_rows(figures)
    text = to_markdown([HEADER, *rows])
    (output / "recipes.csv").write_text(csv_text(HEADER, rows), encoding="utf-8")
    (output / "recipes.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    parser = shift_parser("Compare the recipe with the one before it.", "runs/recipes", 2000)
    arguments = parser.parse_args()
    main(arguments.shifts, arguments.output, arguments.limit)
