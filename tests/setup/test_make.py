"""What `make` and the continuous integration script promise, asked of the real programs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# These tests run under `make test` too, whose own flags and ARGS must not reach another make.
OUTSIDE_MAKE = {
    name: value
    for name, value in os.environ.items()
    if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "ARGS")
}


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=OUTSIDE_MAKE, capture_output=True, text=True
    )


def test_make_alone_lists_every_target() -> None:
    listed = set(re.findall(r"^  make (\w+) +\S", make().stdout, re.MULTILINE))
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert listed == set(declared.group(1).split())


def test_make_run_sets_up_and_runs_the_main_job() -> None:
    lines = make("-n", "run", "ARGS=--set target.shots=1").stdout.strip().splitlines()
    assert any("scripts.setup_environment" in line for line in lines)
    assert lines[-1].endswith("warmstart run configs/mnist_to_optdigits.yaml --set target.shots=1")


def test_make_test_checks_style_and_types_then_units_then_end_to_end() -> None:
    lines = make("-n", "test").stdout.splitlines()
    wanted = ["setup_environment", "ruff check", "ruff format --check", "mypy", "not e2e", "-m e2e"]
    places = [next(i for i, line in enumerate(lines) if word in line) for word in wanted]
    assert places == sorted(places)


def test_make_without_a_host_python_says_what_to_install() -> None:
    ended = make("setup", "HOST_PYTHON=/nowhere/python")
    assert ended.returncode != 0
    assert "Set-up stopped: /nowhere/python is not on PATH." in ended.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the real .ci and a Makefile whose tests just pass."""
    root = tmp_path / "tree"
    shutil.copytree(ROOT / ".ci", root / ".ci")
    (root / "Makefile").write_text("test:\n\t@echo 3 passed\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


def continuous_integration(
    tree: Path, programs: dict[str, str], **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Runs .ci/run where each of `programs` prints its text instead of what the host's would."""
    folder = tree.parent / "bin"
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (folder / name).chmod(0o755)
    environ = {
        **OUTSIDE_MAKE,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tree.parent / "cache"),
        **environment,
    }
    return subprocess.run(
        ["bash", ".ci/run"], cwd=tree, env=environ, capture_output=True, text=True
    )


def test_ci_on_a_new_host_tests_once_and_says_why(tree: Path) -> None:
    ended = continuous_integration(tree, {"getconf": "glibc 2.39"})
    assert ended.returncode == 0
    assert "3 passed" in ended.stdout
    assert "host's stack: passed" in ended.stdout
    assert "skipped, this host's glibc 2.39 runs the new stack itself" in ended.stdout


def test_ci_without_root_says_what_it_skips(tree: Path) -> None:
    ended = continuous_integration(tree, {"getconf": "glibc 2.36", "id": "1000"})
    assert ended.returncode == 0
    assert "skipped, making a Debian 13 folder needs root" in ended.stdout


def test_ci_fails_with_the_tests_and_goes_no_further(tree: Path) -> None:
    (tree / "Makefile").write_text("test:\n\t@exit 3\n")
    ended = continuous_integration(tree, {"getconf": "glibc 2.36"})
    assert ended.returncode == 2
    assert "host's stack: FAILED" in ended.stdout
    assert "Debian 13" not in ended.stdout


def test_ci_over_its_budget_is_stopped(tree: Path) -> None:
    (tree / "Makefile").write_text("test:\n\t@sleep 60\n")
    ended = continuous_integration(tree, {"getconf": "glibc 2.36"}, BUDGET_S="1")
    assert ended.returncode == 124
    assert "host's stack: STOPPED" in ended.stdout


@pytest.mark.parametrize("script", [".ci/run", ".ci/debian13"])
def test_ci_scripts_are_sound_bash_and_executable(script: str) -> None:
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)
    assert os.access(ROOT / script, os.X_OK)
