"""Logs go to a file, from native code too, and to the terminal only on request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = r"""
import logging, os, pathlib, sys
from pipelines.running.terminal_capture import logs_to_file
with logs_to_file(pathlib.Path(sys.argv[1]), also_to_terminal=sys.argv[2] == "verbose") as terminal:
    logging.getLogger("tfx").info("a record")
    os.write(2, b"a native line\n")
    print("for the user", file=terminal)
print("afterwards")
"""


@pytest.mark.parametrize("mode", ["quiet", "verbose"])
def test_what_reaches_the_terminal_and_what_the_file(mode: str, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", CODE, log, mode], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["for the user", "afterwards"]
    assert ("a record" in done.stderr) == (mode == "verbose")
    assert ("a native line" in done.stderr) == (mode == "verbose")
    assert "a record" in log.read_text()
    assert ("a native line" in log.read_text()) == (mode == "quiet")


EMBEDDED = r"""
import logging, os, pathlib, sys, warnings
from pipelines.running.terminal_capture import records_to_file
logging.basicConfig(format="%(message)s")
before = os.fstat(1), os.fstat(2), sys.stdout, list(logging.getLogger().handlers)
with records_to_file(pathlib.Path(sys.argv[1])):
    logging.getLogger("tfx").warning("a record")
    warnings.warn("a warning")
    print("the caller's own")
    assert (os.fstat(1), os.fstat(2), sys.stdout) == before[:3]
assert list(logging.getLogger().handlers) == before[3]
logging.getLogger("caller").warning("afterwards")
"""


def test_in_a_program_of_the_callers_only_records_and_warnings_go_to_the_file(
    tmp_path: Path,
) -> None:
    log = tmp_path / "logs" / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", EMBEDDED, log], capture_output=True, text=True, check=True
    )
    assert done.stdout == "the caller's own\n"
    assert done.stderr == "afterwards\n"
    assert "a record" in log.read_text()
    assert "a warning" in log.read_text()
