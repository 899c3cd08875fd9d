"""How often the gate errs, by simulated evaluations of arms whose truth is known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from modules.settings import GateSettings
from research import gate_simulation
from research.gate_simulation import FEWEST_RUNS, FOLDER, Point, main
from research.simulated.arms import Discordance, SimulatedVerdicts, TrueArms, simulate
from research.simulated.scenarios import (
    Scenario,
    class_falls,
    no_harm,
    no_true_effect,
    power,
    scenarios,
)

# The slow rest, larger splits and the bootstrap, is in the command's own run.
NULLS = [
    scenario
    for scenario in no_true_effect()
    if scenario.truth.examples <= 900 and scenario.gate.test == "mcnemar"
]
ABOVE_SCRATCH = Discordance(0.1, 0.01)


def point(scenario: Scenario, runs: int = FEWEST_RUNS) -> Point:
    return Point(scenario, simulate(scenario.truth, scenario.gate, runs))


def the_one(found: list[Scenario]) -> Scenario:
    (scenario,) = found
    return scenario


@pytest.mark.parametrize("null", NULLS, ids=lambda null: f"{null.name}, {null.truth.examples}")
def test_what_is_no_gain_is_blessed_at_most_once_in_twenty(null: Scenario) -> None:
    found = point(null)
    assert found.verdicts.runs >= 2000
    assert found.ci95[1] <= 0.05


def test_every_requirement_is_simulated_at_its_edge() -> None:
    names = " ".join(null.name for null in NULLS)
    for edge in ("as good as pretrained", "0 points below scratch", "2 points below scratch"):
        assert edge in names
    assert {null.gate.test for null in no_true_effect()} == {"mcnemar", "bootstrap"}
    assert max(null.truth.examples for null in no_true_effect()) == 10_000


def test_the_simulation_sees_a_gate_that_is_too_lax() -> None:
    lax = GateSettings(confidence=0.7)
    alike = TrueArms(10, 90, 0.85, Discordance(0.05, 0.05), ABOVE_SCRATCH)
    assert simulate(alike, lax, FEWEST_RUNS).blessed / FEWEST_RUNS > 0.1


def test_a_class_that_truly_falls_by_20_points_of_90_examples_is_not_blessed() -> None:
    fall = the_one(
        [
            scenario
            for scenario in class_falls()
            if scenario.truth.examples_per_class == 90 and scenario.effect == -0.2
        ]
    )
    assert fall.truth.gain > 0.05
    assert point(fall).ci95[1] <= 0.05


def test_a_hundred_classes_of_ten_examples_do_not_cry_wolf() -> None:
    many = the_one([scenario for scenario in no_harm() if scenario.truth.num_classes == 100])
    found = point(many)
    assert found.ci95[0] >= 0.95
    # Without a test, chance alone makes a class fall in nearly every evaluation.
    assert found.verdicts.raw_class_falls / found.verdicts.runs > 0.95


def test_a_hundred_equal_classes_raise_an_alarm_at_most_once_in_twenty() -> None:
    equal = TrueArms(100, 10, 0.8, Discordance(0.1, 0.1), ABOVE_SCRATCH)
    verdicts = simulate(equal, GateSettings(), FEWEST_RUNS)
    assert verdicts.class_alarms / verdicts.runs <= 0.05


def test_a_true_gain_is_found_the_more_often_the_larger_it_and_the_split_are() -> None:
    found = {
        (scenario.truth.examples, scenario.effect): point(scenario, runs=500).rate
        for scenario in power()
        if scenario.truth.examples in (300, 900) and scenario.effect in (0.01, 0.02, 0.04)
    }
    for size in (300, 900):
        assert found[size, 0.01] < found[size, 0.02] < found[size, 0.04]
    for gain in (0.01, 0.02):
        assert found[300, gain] < found[900, gain]
    assert found[900, 0.04] > 0.99


def test_draws_have_the_effects_that_are_said_to_be_true() -> None:
    fixed = np.linspace(0.0, 0.3, 4)
    truth = TrueArms(4, 20_000, 0.8, Discordance(fixed, 0.1), Discordance(0.05, 0.15))
    labels, predictions = truth.draw(np.random.default_rng(0))
    right = {arm: predicted == labels for arm, predicted in predictions.items()}
    assert np.bincount(labels).tolist() == [20_000] * 4
    for label in range(4):
        here = labels == label
        assert right["warm_start"][here].mean() == pytest.approx(0.8, abs=0.01)
        only = right["warm_start"] & ~right["pretrained"]
        assert only[here].mean() == pytest.approx(fixed[label], abs=0.01)
        lost = right["pretrained"] & ~right["warm_start"]
        assert lost[here].mean() == pytest.approx(0.1, abs=0.01)
    assert (right["scratch"] & ~right["warm_start"]).mean() == pytest.approx(0.15, abs=0.01)
    assert truth.gain == pytest.approx(0.05)


def test_a_truth_that_cannot_be_is_refused() -> None:
    impossible = TrueArms(2, 50, 0.9, Discordance(0.0, 0.2), ABOVE_SCRATCH)
    with pytest.raises(ValueError, match="No arm differs so much"):
        impossible.draw(np.random.default_rng(0))


def test_one_seed_gives_one_simulation() -> None:
    truth = TrueArms(10, 30, 0.85, Discordance(0.05, 0.01), ABOVE_SCRATCH)
    first, again, other = (simulate(truth, GateSettings(), 200, seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_command_writes_table_and_plot_and_fails_if_a_level_is_exceeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [NULLS[0], next(class_falls()), next(power())]
    monkeypatch.setattr(gate_simulation, "scenarios", lambda: few)
    good = CliRunner().invoke(main, ["--runs", "2000", "--output", str(tmp_path)])
    assert good.exit_code == 0, good.output
    rows = list(csv.DictReader((tmp_path / "simulation.csv").open(encoding="utf-8")))
    assert [row["kind"] for row in rows] == ["no true effect", "class falls", "power"]
    assert [row["holds"] for row in rows] == ["yes", "", ""]
    assert (tmp_path / "simulation.png").read_bytes().startswith(b"\x89PNG")

    always = SimulatedVerdicts(runs=2000, blessed=120, class_alarms=0, raw_class_falls=0)
    monkeypatch.setattr(gate_simulation, "simulate", lambda *_: always)
    assert CliRunner().invoke(main, ["--output", str(tmp_path)]).exit_code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["simulation.csv", "simulation.png"]


def test_the_committed_table_is_of_these_scenarios_and_every_level_holds_in_it() -> None:
    rows = list(csv.DictReader((FOLDER / "simulation.csv").open(encoding="utf-8")))
    assert [row["truth"] for row in rows] == [scenario.name for scenario in scenarios()]
    assert min(int(row["runs"]) for row in rows) >= FEWEST_RUNS
    held = [row["holds"] for row in rows if row["kind"] in ("no true effect", "no harm")]
    assert set(held) == {"yes"}
