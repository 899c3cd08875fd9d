"""How often any of several attempts on one eval split is blessed by mistake, at a small scale."""

from __future__ import annotations

import csv

from research.attempt_simulation import (
    ATTEMPTS,
    FOLDER,
    OWN_RULE,
    RULES,
    TABLE,
    TRUTHS,
    AttemptTruth,
    exceeds_its_level,
    simulate_attempts,
)

RUNS = 1000
FULL = "full level each time"


def test_twenty_attempts_err_as_seldom_as_one_may_and_at_full_level_often() -> None:
    until, _ = simulate_attempts(AttemptTruth(0.0), RUNS)
    assert until[OWN_RULE][-1] / RUNS <= 0.05
    assert until[FULL][-1] / RUNS > 0.15
    # The first attempt loses nothing.
    assert until[OWN_RULE][0] == until[FULL][0]


def test_someone_who_goes_on_from_the_best_one_gains_little_by_it() -> None:
    truth = AttemptTruth(0.0, "candidates like the best one so far")
    until, _ = simulate_attempts(truth, RUNS)
    assert until[OWN_RULE][ATTEMPTS.index(10)] / RUNS <= 0.05
    assert until[FULL][ATTEMPTS.index(10)] / RUNS > 0.15


def test_a_real_gain_is_still_found_at_the_tenth_attempt() -> None:
    _, at = simulate_attempts(AttemptTruth(0.03), 300)
    assert at[OWN_RULE][ATTEMPTS.index(10)] / 300 > 0.5


def test_the_committed_table_is_of_these_rules_and_the_level_holds_in_it() -> None:
    rows = list(csv.DictReader((FOLDER / TABLE).open(encoding="utf-8")))
    assert len(rows) == len(TRUTHS) * len(RULES) * len(ATTEMPTS)
    assert {row["rule"] for row in rows} == set(RULES)
    assert not any(map(exceeds_its_level, rows))
