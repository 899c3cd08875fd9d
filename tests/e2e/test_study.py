"""A study from the command line: killed, resumed, extended."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modules.core.interruption import STOPPING
from tests.e2e.conftest import FinishedCommand, set_options, warmstart

pytestmark = pytest.mark.e2e

CONFIG = "configs/mnist_to_optdigits.yaml"
TIMEOUT = 400.0


def study_arguments(small_mnist: Path, output: Path, *options: str) -> list[str]:
    overrides = [
        f"source.path={small_mnist}",
        "pretraining.steps=60",
        "transfer.steps=20",
        "training.precision=float32",
    ]
    methods = ["--methods", "zero_shot,scratch,information_maximization", "--repeats", "2"]
    tail = ["--output", str(output), "--workers", "1"]
    return ["study", CONFIG, *methods, *set_options(overrides), *options, *tail]


def cells(output: Path) -> dict[str, float]:
    """The finished cells' files, and when each was written."""
    return {str(path): path.stat().st_mtime for path in output.glob("cells/*/*.json")}


def run_until_cells(
    count: int, small_mnist: Path, output: Path, end: Callable[[int], None]
) -> tuple[int, str]:
    """Runs a study in a process group of its own, and ends it when it has finished some cells.

    Args:
        end: Called with the study's process.

    Returns:
        The exit status and what was printed.
    """
    log = output / "printed"
    with log.open("w") as printed:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pipelines.cli",
                *study_arguments(small_mnist, output, "--shots", "0,1"),
            ],
            stdout=printed,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CI": "true"},
            start_new_session=True,
            # In a shell's background, processes inherit that they ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        ends = time.monotonic() + TIMEOUT
        while len(cells(output)) < count:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends
            time.sleep(0.1)
        end(process.pid)
        code = process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()
    wait_for_the_group_to_end(process.pid)
    return code, log.read_text()


@pytest.fixture(scope="module")
def interrupted(
    small_mnist: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int, str]:
    """The folder of a study that got a Ctrl-C after its first cell, its exit status and output."""
    output = tmp_path_factory.mktemp("study")
    # A terminal sends it to the study and to its workers.
    return output, *run_until_cells(
        1, small_mnist, output, lambda process: os.killpg(process, signal.SIGINT)
    )


@pytest.fixture(scope="module")
def killed(interrupted: tuple[Path, int, str], small_mnist: Path) -> tuple[Path, dict]:
    """The folder of a study that was killed after its second cell, and the cells it finished."""
    output, *_ = interrupted
    run_until_cells(2, small_mnist, output, lambda process: os.kill(process, signal.SIGKILL))
    return output, cells(output)


def wait_for_the_group_to_end(group: int) -> None:
    """Workers end by themselves after the study was killed."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("a worker outlived the study")


@pytest.fixture(scope="module")
def finished(
    killed: tuple[Path, dict], small_mnist: Path
) -> tuple[Path, FinishedCommand, dict[str, float]]:
    output, _ = killed
    done = warmstart(*study_arguments(small_mnist, output, "--shots", "0,1"))
    assert done.code == 0, done.output
    return output, done, cells(output)


def test_ctrl_c_ends_a_study_and_its_workers_at_once(interrupted: tuple[Path, int, str]) -> None:
    _, code, printed = interrupted
    assert code == 130
    assert STOPPING in printed
    assert "rerun the same command to continue" in printed
    assert "Error" not in printed


def test_a_killed_study_leaves_whole_cells_only(killed: tuple[Path, dict]) -> None:
    _, before = killed
    assert len(before) >= 2
    # Seven cells: information_maximization with and without a shot and scratch with one, each
    # twice, and zero_shot.
    assert len(before) < 7


def test_rerunning_the_command_repeats_no_finished_cell(
    killed: tuple[Path, dict], finished: tuple[Path, FinishedCommand, dict[str, float]]
) -> None:
    _, before = killed
    _, done, after = finished
    assert f"{len(before)} of 7 cells are already finished" in done.output
    assert len(after) == 7
    assert {name: after[name] for name in before} == before
    assert "PretrainTrainer         cached" in done.output


def test_the_results_are_a_table_a_plot_and_a_record(
    finished: tuple[Path, FinishedCommand, dict[str, float]],
) -> None:
    output, done, _ = finished
    with (output / "study.csv").open() as file:
        rows = {(row["method"], row["shots"]): row for row in csv.DictReader(file)}
    assert set(rows) == {
        ("zero_shot", "0"),
        ("zero_shot", "1"),
        ("scratch", "1"),
        ("information_maximization", "0"),
        ("information_maximization", "1"),
    }
    assert rows["information_maximization", "1"]["repeats"] == "2"
    assert float(rows["information_maximization", "1"]["mean"]) > 0.5
    record = json.loads((output / "study.json").read_text())
    assert record["target"] == {"name": "optdigits", "eval_examples": 899}
    assert len(record["rows"]) == len(rows)
    assert (output / "study.png").read_bytes().startswith(b"\x89PNG")
    page = (output / "study.html").read_text(encoding="utf-8")
    assert "<h1>What a label is worth</h1>" in page
    assert f"--output {output}" in page
    assert "mean ± sd" in done.output
    # Lines come at most every ten seconds, but the last cell always has one.
    last = r"7/7  information_maximization, 1 shot, repeat 1: [\d.]+% in \d+ s; 0 s left"
    assert re.search(last, done.output)


def test_more_shots_and_another_budget_keep_what_is_comparable(
    finished: tuple[Path, FinishedCommand, dict[str, float]], small_mnist: Path
) -> None:
    output, _, before = finished
    wider = warmstart(
        *study_arguments(small_mnist, output, "--shots", "1,2", "--methods", "zero_shot,scratch")
    )
    assert wider.code == 0, wider.output
    assert "3 of 5 cells are already finished" in wider.output
    longer = warmstart(
        *study_arguments(
            small_mnist,
            output,
            *("--shots", "1", "--methods", "zero_shot", "--set", "transfer.steps=21"),
        )
    )
    assert longer.code == 0, longer.output
    assert "already finished" not in longer.output
    assert before.items() <= cells(output).items()
