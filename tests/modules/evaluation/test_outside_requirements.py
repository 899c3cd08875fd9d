"""The gate asks requirements from outside, which can only make it stricter."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from modules.core.arms import WARM_START
from modules.core.errors import ConfigError, WarmstartError
from modules.evaluation.gate import Verdict, judge
from modules.evaluation.outside_requirements import GateCase
from modules.evaluation.requirements import Requirement
from modules.settings import GateSettings, RequirementSettings, Settings
from modules.settings.options import takes_options

LABELS = np.arange(200) % 2
PREDICTIONS = {"warm_start": LABELS, "pretrained": 1 - LABELS, "scratch": 1 - LABELS}
MODULE = "outside_requirements_of_tests"


class Share(Settings):
    share: float = 0.5


@takes_options(Share)
def at_least(case: GateCase, options: Share) -> Requirement:
    found = float(case.right(WARM_START).mean())
    return Requirement(found >= options.share, f"{found:g} of {options.share:g} is there.")


def fails(case: GateCase) -> Requirement:
    raise ZeroDivisionError("by zero")


def refuses(case: GateCase) -> Requirement:
    raise WarmstartError("no licence")


def says_yes(case: GateCase) -> bool:
    return True


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType(MODULE)
    for function in (at_least, fails, refuses, says_yes):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, MODULE, module)


def judged(name: str, **options: float) -> Verdict:
    named = RequirementSettings(name=f"{MODULE}:{name}", options=dict(options))
    return judge(LABELS, PREDICTIONS, ["even", "odd"], GateSettings(requirements=(named,)))


def test_a_requirement_that_is_met_adds_its_reason() -> None:
    verdict = judged("at_least", share=0.9)
    assert verdict.blessed
    assert verdict.reasons[-1] == "1 of 0.9 is there."


def test_a_requirement_that_is_missed_is_the_reason_not_to_bless() -> None:
    verdict = judged("at_least", share=1.5)
    assert not verdict.blessed
    assert verdict.reasons == ["1 of 1.5 is there."]


def test_a_requirement_that_fails_stops_with_its_name_and_the_cause() -> None:
    with pytest.raises(ConfigError, match=r"gate\.requirements\.0: .*fails' fails with ZeroDiv"):
        judged("fails")


def test_a_refusal_in_words_is_passed_on() -> None:
    with pytest.raises(WarmstartError, match=r"^no licence$"):
        judged("refuses")


def test_an_answer_that_is_no_requirement_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"must return a .*Requirement, found True"):
        judged("says_yes")


def test_an_option_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"gate\.requirements\.0\.options: .*\n.*sahre"):
        judged("at_least", sahre=1)
