"""The battery holds in this process, and sees a runner that drops results."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.beam.engine_check import try_primitive
from pipelines.beam.primitives import NEEDED, Primitive
from pipelines.beam.settings import BeamSettings
from research.engine_battery import run_battery
from research.engine_cases import OTHERS

HERE = BeamSettings()


@pytest.mark.e2e
def test_all_of_it_holds_in_this_process(tmp_path: Path) -> None:
    answers = list(run_battery(HERE, str(tmp_path)))
    assert [answer for answer, _ in answers if answer.problem] == []
    assert len(answers) == len(NEEDED) + len(OTHERS) + 2


def test_each_has_a_name_of_its_own() -> None:
    names = [primitive.name for primitive in (*NEEDED, *OTHERS)]
    assert len(set(names)) == len(names)


def test_a_dropped_result_is_wrong_although_the_job_ends_well(tmp_path: Path) -> None:
    dropping = Primitive(
        "dropping", lambda p, _: p | beam.Create([1, 2]) | beam.Filter(lambda n: n < 2), [1, 2]
    )
    answer = try_primitive(HERE, dropping, str(tmp_path))
    assert answer.problem == "wrong: expected [1, 2], found [1]"


def test_a_job_that_fails_is_reported_with_its_reason(tmp_path: Path) -> None:
    failing = Primitive(
        "failing", lambda p, _: p | beam.Create([0]) | beam.Map(lambda n: 1 // n), []
    )
    assert "division" in str(try_primitive(HERE, failing, str(tmp_path)).problem)
