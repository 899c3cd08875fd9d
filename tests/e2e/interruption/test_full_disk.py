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
    ("room", "overrides"),
    [(0.2, ["target.shots=9"]), (11, ["seed=1", "pretraining.steps=10"])],
    ids=["while the store grows", "while a checkpoint is written"],
)
def test_it_ends_clean_and_the_last_result_stays(
    room: float,
    overrides: list[str],
    small_mnist: Path,
    quick_run: FinishedRun,
    tmp_path: Path,
) -> None:
    earlier = [quick_run.output / name for name in ("metadata.db", "result.json", "report.html")]
    # The store has grown if other tests ran in that folder before.
    present = sum(path.stat().st_size for path in earlier) / 2**20
    with small_disk(tmp_path / "disk", present + room) as disk:
        for path in earlier:
            shutil.copy(path, disk / path.name)
        failed = run_quickly(small_mnist, disk, *overrides)
        assert failed.code == 1, failed.output
        assert f"{disk}: the disk is full" in failed.output
        assert "--output" in failed.output
        assert "Traceback" not in failed.output
        assert "is unexpected" not in failed.output
        for name in ("result.json", "report.html"):
            assert (disk / name).read_bytes() == (quick_run.output / name).read_bytes()
        assert not (disk / "serving").exists()
        with sqlite3.connect(disk / "metadata.db") as store:
            assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
