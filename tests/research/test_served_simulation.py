"""How often a model replaces the one that is served, by simulated evaluations of known truth."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from modules.evaluation.paired_statistics import wilson_interval
from modules.settings import GateSettings
from research.served_simulation import (
    FEWEST_RUNS,
    FOLDER,
    Replacement,
    count_replaced,
    replacements,
    row,
)

NOT_WORSE = GateSettings()
BETTER = GateSettings(served="better")
RUNS = 1000


@pytest.mark.parametrize(
    "truth",
    [
        Replacement(-0.01, 0.04, 900, NOT_WORSE),
        Replacement(-0.02, 0.04, 300, NOT_WORSE),
        Replacement(0.0, 0.04, 900, BETTER),
    ],
    ids=["below by the margin", "below by twice the margin", "as good, where better is asked"],
)
def test_a_better_model_is_replaced_at_most_once_in_twenty(truth: Replacement) -> None:
    assert truth.is_error
    assert wilson_interval(count_replaced(truth, RUNS), RUNS)[1] <= 0.05


def test_a_better_candidate_replaces_it_the_more_often_the_more_examples_there_are() -> None:
    gain = Replacement(0.02, 0.04, 300, NOT_WORSE)
    assert not gain.is_error
    few, many = (count_replaced(replace(gain, examples=size), 300) for size in (300, 900))
    assert few < many
    assert many > 0.9 * 300


def test_a_gate_that_ignores_what_is_served_lets_a_worse_model_replace_it() -> None:
    ignoring = Replacement(-0.02, 0.04, 900, GateSettings(served="ignore"))
    assert count_replaced(ignoring, 200) == 200


def test_draws_have_the_difference_that_is_said_to_be_true() -> None:
    labels, answers = Replacement(-0.02, 0.04, 400_000, NOT_WORSE).draw(np.random.default_rng(0))
    right = {arm: predicted == labels for arm, predicted in answers.items()}
    assert right["warm_start"].mean() == pytest.approx(0.95, abs=0.002)
    assert (right["served"] & ~right["warm_start"]).mean() == pytest.approx(0.04, abs=0.002)
    assert (right["warm_start"] & ~right["served"]).mean() == pytest.approx(0.02, abs=0.002)


def test_the_committed_table_is_of_these_truths_and_every_level_holds_in_it() -> None:
    rows = list(csv.DictReader((FOLDER / "served.csv").open(encoding="utf-8")))
    expected = [row(truth, FEWEST_RUNS, 0) for truth in replacements()]
    for key in ("rule", "true_difference", "differing", "eval_examples"):
        assert [each[key] for each in rows] == [str(each[key]) for each in expected]
    assert min(int(each["runs"]) for each in rows) >= FEWEST_RUNS
    assert {each["holds"] for each in rows} == {"yes", ""}
