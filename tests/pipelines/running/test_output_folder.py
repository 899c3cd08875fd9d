"""The output folder: one run at a time, and words for a disk that is full or read-only."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modules.core.errors import DataError, OutputError
from pipelines.running.output_folder import exclusive_output, storage_errors_explained
from tests.small_disk import make_read_only, small_disk

RUN = (sys.executable, "-m", "pipelines.cli", "run", "configs/mnist_to_optdigits.yaml")


def test_a_second_run_is_told_who_holds_the_folder_until_that_one_is_gone(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [*RUN, "--output", tmp_path], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline().startswith(b"warmstart mnist_to_optdigits")
        second = subprocess.run([*RUN, "--output", tmp_path], capture_output=True, text=True)
        assert second.returncode == 1
        assert f"{tmp_path}: another run is using this folder: process {first.pid} on" in (
            second.stderr
        )
        assert "pass another --output" in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    with exclusive_output(tmp_path):
        pass


def test_the_holder_is_named_in_this_process_too(tmp_path: Path) -> None:
    with exclusive_output(tmp_path):
        refused = subprocess.run([*RUN, "--output", tmp_path], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "another run is using this folder: process" in refused.stderr


def test_a_folder_on_a_read_only_disk_is_refused_by_name(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        (disk / "result.json").write_text("{}")
        make_read_only(disk)
        refused = subprocess.run([*RUN, "--output", disk], capture_output=True, text=True)
        assert refused.returncode == 1
        assert f"{disk}: cannot be used for output: Read-only file system" in refused.stderr
        assert "--output" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert [path.name for path in disk.iterdir()] == ["result.json"]


def test_a_folder_on_a_full_disk_is_refused_by_name(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        (disk / "filler").write_bytes(bytes(2**20))
        refused = subprocess.run([*RUN, "--output", disk], capture_output=True, text=True)
        assert refused.returncode == 1
        assert f"{disk}: the disk is full (0.0 MiB left)" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match=r"file: cannot be used for output"),
        exclusive_output(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("a worker failed: OSError: [Errno 28] No space left on device"),
        RuntimeError("mysql/sqlite: database or disk is full"),
    ],
)
def test_a_full_disk_is_recognised_however_it_is_reported(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the disk is full"), storage_errors_explained(tmp_path):
        raise error


def test_a_full_disk_is_recognised_behind_the_error_that_it_led_to(tmp_path: Path) -> None:
    error = ValueError("closed file")
    error.__context__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OutputError, match="the disk is full"), storage_errors_explained(tmp_path):
        raise error


def test_a_full_disk_is_recognised_where_nothing_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        (disk / "earlier").write_bytes(bytes(1_500_000))
        with (
            pytest.raises(OutputError, match="the disk is full"),
            storage_errors_explained(disk),
        ):
            raise RuntimeError("Cannot begin a nested transaction.")


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), storage_errors_explained(tmp_path):
        raise ZeroDivisionError
    data_error = DataError("a", expected="b", found="No space left on device", fix="d")
    with pytest.raises(DataError), storage_errors_explained(tmp_path):
        raise data_error
