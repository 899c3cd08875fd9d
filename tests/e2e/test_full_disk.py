"""A disk that fills up in the middle of a run: a clear end, and nothing of before is lost."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.conftest import FinishedRun, run_quickly
from tests.small_disk import small_disk

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("mebibytes", "overrides"),
    [(1, ["target.shots=9"]), (12, ["seed=1", "pretraining.steps=10"])],
    ids=["while the store grows", "while a checkpoint is written"],
)
def test_it_ends_clean_and_the_last_result_stays(
    mebibytes: int,
    overrides: list[str],
    small_mnist: Path,
    quick_run: FinishedRun,
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", mebibytes) as disk:
        for name in ("metadata.db", "result.json", "report.html"):
            shutil.copy(quick_run.output / name, disk / name)
        failed = run_quickly(small_mnist, disk, *overrides)
        assert failed.code == 1, failed.output
        assert f"{disk}: the disk is full" in failed.output
        assert "--output" in failed.output
        assert "Traceback" not in failed.output
        assert "not foreseen" not in failed.output
        for name in ("result.json", "report.html"):
            assert (disk / name).read_bytes() == (quick_run.output / name).read_bytes()
        assert not (disk / "serving").exists()
        with sqlite3.connect(disk / "metadata.db") as store:
            assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
