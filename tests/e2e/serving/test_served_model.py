"""A good model is served, and weaker ones come after it in the same folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import FinishedCommand, FinishedRun, read_result, run_quickly, warmstart

pytestmark = pytest.mark.e2e

# Each is a real gain over its own pretrained and scratch arms.
WEAKER = (
    ("target.shots=1", "transfer.steps=40"),
    ("target.shots=1", "transfer.steps=25"),
)


def versions(output: Path) -> list[int]:
    return sorted(int(path.name) for path in (output / "serving").iterdir())


@pytest.fixture
def served(quick_run: FinishedRun, used_run: Path) -> Path:
    """The quick run's version, which is the only one."""
    pushed = Path(quick_run.result["pushed_to"])
    for other in pushed.parent.iterdir():
        if other != pushed:
            shutil.rmtree(other)
    return pushed


def test_what_is_served_stays_until_a_model_holds_its_own_or_it_is_ignored(
    small_mnist: Path, quick_run: FinishedRun, used_run: Path, served: Path
) -> None:
    def run(*overrides: str) -> tuple[FinishedCommand, dict[str, Any]]:
        done = run_quickly(small_mnist, used_run, *overrides)
        assert done.code == 0, done.output
        return done, read_result(used_run)

    before = quick_run.result["arms"]["warm_start"]
    for weaker in WEAKER:
        done, result = run(*weaker)
        assert (result["verdict"], result["pushed_to"]) == ("not_blessed", None)
        reason, attempt = result["reasons"]
        assert "more than 1 point below the served model" in reason
        assert "on this eval split" in attempt
        assert result["arms"]["served"]["version"] == int(served.name)
        assert result["arms"]["served"]["correct"] == before["correct"]
        assert result["comparisons"]["warm_start_vs_served"]["difference"] < 0
        assert f"served model ({served.name})" in done.output
        assert versions(used_run) == [int(served.name)]
    report = (used_run / "report.html").read_text(encoding="utf-8")
    assert f"version {served.name}, which an earlier run pushed" in report

    _, ignoring = run(*WEAKER[-1], "gate.served=ignore")
    assert ignoring["verdict"] == "blessed"
    assert ignoring["comparisons"] == result["comparisons"]
    assert "ServedModelFinder" in ignoring["cached"]
    assert versions(used_run) == [int(served.name), int(Path(ignoring["pushed_to"]).name)]

    # What a rollback brings back is served again, and nothing has to be judged again.
    rolled_back = warmstart("rollback", used_run)
    assert rolled_back.code == 0, rolled_back.output
    _, again = run(*WEAKER[-1])
    assert set(again["cached"]) == set(again["timeline"])
    for unchanged in ("arms", "verdict", "reasons", "pushed_to"):
        assert again[unchanged] == result[unchanged]


def test_the_best_arm_is_pushed_where_the_warm_start_is_not_proven(
    small_mnist: Path, used_run: Path, served: Path
) -> None:
    best = ("gate.push=best", "gate.served=ignore", "gate.min_gain=0.5", "gate.min_accuracy=0.6")
    done = run_quickly(small_mnist, used_run, *WEAKER[-1], *best)
    assert done.code == 0, done.output
    result = read_result(used_run)
    assert result["verdict"] == "not_blessed"
    arm = max(("pretrained", "scratch"), key=lambda name: result["arms"][name]["accuracy"])
    assert result["pushed_arm"] == arm
    assert any("is good enough to be pushed instead" in reason for reason in result["reasons"])
    pushed = Path(result["pushed_to"])
    assert versions(used_run) == [int(served.name), int(pushed.name)]
    assert pushed_arm_in(used_run, pushed) == arm


def pushed_arm_in(output: Path, pushed: Path) -> str:
    """Returns the arm that has the weights of a pushed version."""
    weights = "variables/variables.data-00000-of-00001"
    models = {
        "pretrained": "WarmStartTrainer/pretrained_arm",
        "scratch": "ScratchTrainer/model",
        "warm_start": "WarmStartTrainer/model",
    }
    (arm,) = {
        arm
        for arm, artifacts in models.items()
        for file in (output / "artifacts" / artifacts).glob(f"*/Format-Serving/{weights}")
        if file.read_bytes() == (pushed / weights).read_bytes()
    }
    return arm
