"""Two recipes are compared on the same targets, paired by seed."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from pipelines.targets.scenario import SeveralTargets, load_scenario
from research.recipe_comparison import comparison_rows, read_accuracies, recipe_config


def scenario(folder: Path, recipe: str) -> SeveralTargets:
    path = folder / f"{recipe}.yaml"
    path.write_text(yaml.safe_dump(recipe_config(recipe, 3, {"blur": folder / "blur"})))
    loaded = load_scenario(path)
    assert isinstance(loaded, SeveralTargets)
    return loaded


def test_the_recipes_differ_in_nothing_but_their_trainings(tmp_path: Path) -> None:
    before, now = (scenario(tmp_path, recipe) for recipe in ("before", "now"))
    assert list(before.branches) == list(now.branches)
    for name, branch in before.branches.items():
        other = now.branches[name]
        assert (branch.pretraining.steps, branch.transfer.steps) == (800, 400)
        assert branch.pretraining.steps > other.pretraining.steps
        same = {"pretraining": other.pretraining, "transfer": other.transfer}
        assert branch.model_copy(update=same) == other
    assert [branch.target.shots for branch in now.branches.values()] == [0, 1, 10, 10]


def test_the_control_without_shots_is_no_figure(tmp_path: Path) -> None:
    arms = {arm: {"accuracy": 0.5} for arm in ("pretrained", "scratch", "warm_start", "served")}
    for shots in (0, 1):
        result = {
            "source": {"accuracy": 0.99, "accuracy_after_transfer": 0.98},
            "target": {"shots": shots},
            "arms": arms,
        }
        path = tmp_path / "targets" / f"{shots}_shots" / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(result))
    assert dict(read_accuracies(tmp_path, ["0_shots", "1_shots"])) == {
        "MNIST, after pretraining": 99.0,
        "0_shots, pretrained": 50.0,
        "0_shots, warm_start": 50.0,
        "MNIST, after transfer to 0_shots": 98.0,
        "1_shots, pretrained": 50.0,
        "1_shots, scratch": 50.0,
        "1_shots, warm_start": 50.0,
        "MNIST, after transfer to 1_shots": 98.0,
    }


def test_differences_are_paired_by_seed() -> None:
    figures = {"blur": {"before": [90.0, 80.0], "now": [91.0, 83.0]}}
    (row,) = comparison_rows(figures)
    assert row == ("blur", "85.00 ± 7.07", "87.00 ± 5.66", "+2.00 ± 1.41", "2")
