"""Bad images stop a run by default; they may be left out as long as they are few."""

from __future__ import annotations

import pytest

from modules.core.errors import DataError
from modules.domains.bad_images import judge_bad_images
from modules.settings import ValidationSettings

_SKIP = ValidationSettings(bad_images="skip", max_bad_images=0.1)
_BAD = [f"{number}.png: damaged." for number in range(10)]


def test_none_is_no_finding() -> None:
    assert judge_bad_images("folder", [], 0, ValidationSettings()) == []


def test_by_default_all_are_told_in_one_message() -> None:
    with pytest.raises(DataError) as caught:
        judge_bad_images("folder", _BAD, 1000, ValidationSettings())
    lines = str(caught.value).splitlines()
    assert lines[0] == "folder: 10 problems."
    assert lines[1:11] == [f"  {problem}" for problem in _BAD]
    assert lines[11] == "Or leave such files out: validation.bad_images=skip."


def test_left_out_they_are_a_warning_that_names_some() -> None:
    (finding,) = judge_bad_images("folder", _BAD, 100, _SKIP)
    assert not finding.stops_the_run
    assert finding.found.startswith("10 files that are left out: 0.png: damaged.; 1.png")
    assert finding.found.endswith("; and 5 more")


def test_too_large_a_share_stops_the_run_all_the_same() -> None:
    with pytest.raises(DataError, match=r"That is 10\.10.%.*max_bad_images allows 10\.00.%"):
        judge_bad_images("folder", _BAD, 99, _SKIP)
