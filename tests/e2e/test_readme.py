"""Every command of README.md works as it stands there, in the order of the page.

`make test` would run this test again, and `make run` does what a later command does: both are dry
runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from modules.models.serving_folder import ROLLBACK_FILE
from tests.e2e.conftest import read_result

pytestmark = pytest.mark.e2e

README = Path("README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DRY_RUN = {"make test", "make run"}


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f". .venv/bin/activate && {command}"],
        capture_output=True,
        text=True,
        env={**os.environ, "CI": "true"},
    )


@pytest.fixture(scope="module", autouse=True)
def no_earlier_rollback() -> None:
    """Undoes what this test did when it ran here before: nothing older would be left to find."""
    for note in Path("runs/mnist_to_optdigits/serving").glob(f"*/{ROLLBACK_FILE}"):
        shutil.rmtree(note.parent)


def test_the_readme_has_commands() -> None:
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_works(command: str) -> None:
    if command in DRY_RUN:
        command = command.replace("make ", "make --dry-run ")
    done = shell(command)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("code", PYTHON)
def test_the_code_works(code: str) -> None:
    done = shell(f"python - <<'END'\n{code}END")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "blessed" in done.stdout


def test_the_default_scenario_reaches_what_is_promised() -> None:
    done = shell("warmstart run configs/mnist_to_optdigits.yaml --require-blessing")
    assert done.returncode == 0, done.stdout + done.stderr
    result = read_result(Path("runs/mnist_to_optdigits"))
    assert result["arms"]["warm_start"]["accuracy"] >= 0.975
    assert result["source"]["accuracy"] >= 0.985
    assert result["arms"]["warm_start"]["total"] == 899


@pytest.mark.parametrize("restore", ["rebuild", "graph"])
def test_the_tutorial_starts_warm_in_both_restore_ways(restore: str) -> None:
    steps = f"--set transfer.steps=100 --set transfer.restore={restore}"
    done = shell(f"warmstart run configs/tutorial.yaml {steps}")
    assert done.returncode == 0, done.stdout + done.stderr
    result = read_result(Path("runs/tutorial"))
    pretrained = result["arms"]["pretrained"]["accuracy"]
    assert result["config"]["transfer"]["restore"] == restore
    assert result["warm_start"]["restored_source_accuracy"] > 0.9
    assert result["arms"]["warm_start"]["accuracy"] == pytest.approx(pretrained, abs=0.02)


def test_the_table_in_the_readme_has_the_arms_that_a_run_prints() -> None:
    done = shell("warmstart run configs/mnist_to_optdigits.yaml")
    for arm in ("pretrained (zero-shot)", "scratch control", "warm start"):
        assert arm in done.stdout
        assert arm in README


def test_the_own_data_section_ends_in_a_sheet_a_verdict_and_a_report() -> None:
    result = read_result(Path("runs/own/run"))
    assert (result["source"]["name"], result["target"]["name"]) == ("mnist", "optdigits")
    assert result["config"]["source"]["format"] == "image_folder"
    assert result["arms"]["warm_start"]["total"] == 899
    assert result["arms"]["warm_start"]["accuracy"] > 0.85
    assert Path("runs/own/run/report.html").stat().st_size > 10_000
    assert Path("runs/own/digits.png").read_bytes().startswith(b"\x89PNG")
