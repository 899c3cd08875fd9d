"""How often the gate errs on examples that come in groups, at a small scale."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from modules.settings import GateSettings
from research.group_simulation import FOLDER, MOST_BLESSED, TABLE, group_scenarios
from research.simulated.grouped_arms import GroupedArms, simulate_groups

RUNS = 300


@pytest.mark.parametrize("unequal", [False, True])
def test_without_a_gain_it_seldom_blesses_and_by_image_it_often_does(unequal: bool) -> None:
    alike = GroupedArms(12, 30, 0.05, 0.05, correlation=0.2, unequal=unequal)
    found = simulate_groups(alike, GateSettings(), RUNS)
    assert found.by_group / RUNS <= MOST_BLESSED
    assert found.by_example / RUNS > 0.15


def test_a_gain_in_most_of_fifty_groups_is_found() -> None:
    gain = GroupedArms(50, 10, 0.11, 0.01, correlation=0.2)
    assert simulate_groups(gain, GateSettings(), 100).by_group / 100 > 0.8


def test_independent_examples_lose_little_by_being_in_groups() -> None:
    gain = GroupedArms(20, 30, 0.05, 0.01, correlation=0.0)
    found = simulate_groups(gain, GateSettings(), 100)
    assert found.by_example - found.by_group <= 10


def test_draws_have_the_shares_and_the_correlation_that_are_said_to_be_true() -> None:
    truth = GroupedArms(4000, 10, 0.06, 0.02, correlation=0.2)
    labels, predictions, groups = truth.draw(np.random.default_rng(0))
    right = {arm: predicted == labels for arm, predicted in predictions.items()}
    fixed = right["warm_start"] & ~right["pretrained"]
    broken = right["pretrained"] & ~right["warm_start"]
    assert fixed.mean() == pytest.approx(0.06, abs=0.005)
    assert broken.mean() == pytest.approx(0.02, abs=0.005)
    differing = np.bincount(groups, fixed | broken)
    within = (differing * (differing - 1)).sum() / (4000 * 10 * 9)  # both of a pair differ
    assert (within - 0.08**2) / (0.08 * 0.92) == pytest.approx(0.2, abs=0.03)


def test_the_committed_table_is_of_these_scenarios_and_every_level_holds_in_it() -> None:
    rows = list(csv.DictReader((FOLDER / TABLE).open(encoding="utf-8")))
    assert [row["truth"] for row in rows] == [scenario.name for scenario in group_scenarios()]
    assert {row["holds"] for row in rows if "gains" not in row["truth"]} == {"yes"}
    assert min(int(row["runs"]) for row in rows) >= 1000
