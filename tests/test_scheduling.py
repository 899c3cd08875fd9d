"""The order of the files follows what they are."""

from __future__ import annotations

from pathlib import Path

from tests.scheduling import LONG, ON_THE_QUICK_RUN

ROOT = Path(__file__).parents[1]


def test_long_files_exist() -> None:
    assert [file for file in (*ON_THE_QUICK_RUN, *LONG) if not (ROOT / file).exists()] == []


def test_whoever_uses_the_quick_run_is_dealt_to_its_worker() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if "quick_run: " + "FinishedRun" in path.read_text(encoding="utf-8")
    }
    assert users == set(ON_THE_QUICK_RUN)
