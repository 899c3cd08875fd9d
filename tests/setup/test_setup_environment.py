"""Set-up: a no-op when up to date, redone when interrupted, only what changed otherwise."""

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from scripts import setup_environment
from scripts.setup_environment import ROOT, index_settings, pinned, set_up
from scripts.stacks import Host, Interpreter, UnfitHostError
from scripts.stamp import read_stamp

HOST = Host(system="Linux", machine="x86_64", glibc=(2, 36), compiler=True)
PYTHON = Interpreter("/usr/bin/python3.10", (3, 10, 13))


class Machine:
    """Makes `.venv` for real, records the other steps, and fails at the step it is told to."""

    def __init__(
        self, fail_at: int | None = None, interpreters: Sequence[Interpreter] = (PYTHON,)
    ) -> None:
        self.fail_at = fail_at
        self.interpreters = interpreters
        self.commands: list[list[str]] = []
        self.environs: list[Mapping[str, str]] = []
        self.searches = 0

    def run(self, command: list[str], environ: Mapping[str, str]) -> None:
        if len(self.commands) == self.fail_at:
            raise subprocess.CalledProcessError(1, command)
        self.commands.append(command)
        self.environs.append(environ)
        if command[1] == "venv":
            make = [sys.executable, "-m", "venv", "--clear", "--without-pip", command[-1]]
            subprocess.run(make, check=True)

    def find(self, uv: str, environ: Mapping[str, str], home: Path) -> Sequence[Interpreter]:
        self.searches += 1
        self.named = environ.get("WARMSTART_PYTHON")
        return self.interpreters

    def set_up(
        self, root: Path, host: Host = HOST, environ: Mapping[str, str] | None = None
    ) -> None:
        with patch.multiple(setup_environment, run_command=self.run, find_interpreters=self.find):
            set_up(root, host, environ or {})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "setup.py").write_text("one")
    (tmp_path / "requirements.txt").write_text("absl-py==1.4.0\nuv==0.13.9\n")
    return tmp_path


@pytest.fixture
def ready(root: Path) -> Path:
    Machine().set_up(root)
    return root


ALL_STEPS = ["uv's venv", "uv", ".venv", "packages", "project"]


def steps(machine: Machine) -> list[str]:
    names = {
        "-e": "project",
        "-r": "packages",
        "--clear": ".venv",
        "pip": "uv",
        "venv": "uv's venv",
    }
    return [next(names[word] for word in names if word in c) for c in machine.commands]


def test_a_fresh_tree_gets_everything_in_order(root: Path) -> None:
    machine = Machine()
    machine.set_up(root)
    assert steps(machine) == ALL_STEPS
    assert "uv==0.13.9" in machine.commands[1]
    assert machine.commands[2][-2:] == ["/usr/bin/python3.10", str(root / ".venv")]
    assert "--no-deps" in machine.commands[4]


def test_packages_are_byte_compiled_whatever_the_host_says(root: Path) -> None:
    machine = Machine()
    machine.set_up(root, environ={"PYTHONDONTWRITEBYTECODE": "1"})
    assert "--compile-bytecode" in machine.commands[3]
    assert "PYTHONDONTWRITEBYTECODE" not in machine.environs[3]


def test_a_second_set_up_runs_nothing(ready: Path) -> None:
    machine = Machine()
    machine.set_up(ready)
    assert machine.commands == []


@pytest.mark.parametrize("step", range(5))
def test_an_interrupted_set_up_is_redone_from_the_start(root: Path, step: int) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        Machine(fail_at=step).set_up(root)
    assert read_stamp(root / ".venv") is None
    machine = Machine()
    machine.set_up(root)
    assert steps(machine) == ALL_STEPS


@pytest.mark.parametrize("step", range(5))
def test_an_interrupted_renewal_is_redone_and_leaves_no_stamp_on_a_half_made_environment(
    ready: Path, step: int
) -> None:
    before = read_stamp(ready / ".venv")
    (ready / "requirements.txt").write_text("uv==0.14.0\n")
    with pytest.raises(subprocess.CalledProcessError):
        Machine(fail_at=step).set_up(ready)
    # Until .venv is touched, it stays what it was.
    assert read_stamp(ready / ".venv") == (before if step < 2 else None)
    machine = Machine()
    machine.set_up(ready)
    assert steps(machine) == ALL_STEPS


def test_a_changed_lock_makes_everything_anew(ready: Path) -> None:
    (ready / "requirements.txt").write_text("uv==0.14.0\n")
    machine = Machine()
    machine.set_up(ready)
    assert steps(machine) == ALL_STEPS


def test_a_changed_setup_py_installs_only_the_project(ready: Path) -> None:
    (ready / "setup.py").write_text("two")
    machine = Machine()
    machine.set_up(ready)
    assert steps(machine) == ["project"]
    assert machine.searches == 0


def test_an_upgraded_c_library_makes_everything_anew(ready: Path) -> None:
    machine = Machine()
    machine.set_up(ready, replace(HOST, glibc=(2, 41)))
    assert machine.searches == 1


def test_a_vanished_interpreter_makes_everything_anew(ready: Path) -> None:
    python = ready / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    machine = Machine()
    machine.set_up(ready)
    assert machine.searches == 1


def test_a_moved_tree_makes_everything_anew(ready: Path, tmp_path: Path) -> None:
    moved = ready.rename(tmp_path.parent / (tmp_path.name + "-moved"))
    machine = Machine()
    machine.set_up(moved)
    assert machine.searches == 1


def test_a_torn_stamp_counts_as_none(ready: Path) -> None:
    stamp = ready / ".venv" / "warmstart.json"
    stamp.write_text(stamp.read_text()[:40])
    assert read_stamp(ready / ".venv") is None


def test_an_interpreter_named_once_stays(root: Path) -> None:
    Machine().set_up(root, environ={"WARMSTART_PYTHON": "/opt/mine"})
    unnamed = Machine()
    unnamed.set_up(root)
    assert unnamed.commands == []
    (root / "requirements.txt").write_text("uv==0.14.0\n")
    unnamed.set_up(root)
    assert unnamed.named == "/opt/mine"


def test_naming_another_interpreter_makes_everything_anew(ready: Path) -> None:
    machine = Machine()
    machine.set_up(ready, environ={"WARMSTART_PYTHON": "/opt/other"})
    assert machine.named == "/opt/other"


def test_an_unfit_host_leaves_a_whole_environment_alone(ready: Path) -> None:
    before = read_stamp(ready / ".venv")
    with pytest.raises(UnfitHostError, match="Found instead: none at all"):
        Machine(interpreters=[]).set_up(ready, environ={"WARMSTART_PYTHON": "/x"})
    assert read_stamp(ready / ".venv") == before


def test_a_host_python_without_venv_is_told_the_package(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    machine = Machine()
    with pytest.raises(
        UnfitHostError, match=rf"apt-get install python3\.{sys.version_info[1]}-venv"
    ):
        machine.set_up(root)
    assert machine.commands == []


def test_the_command_says_what_is_wrong_without_a_traceback() -> None:
    before = read_stamp(ROOT / ".venv")
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.setup_environment"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nowhere", "WARMSTART_PYTHON": "/nowhere/python"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Set-up stopped: g++ is not on PATH.")
    assert "Traceback" not in ended.stderr
    assert read_stamp(ROOT / ".venv") == before


def test_pip_settings_are_translated_for_uv() -> None:
    printed = (
        ":env:.cert='/etc/own.crt'\n"
        "global.index-url='https://index.example/simple'\n"
        "global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'\n"
        "global.timeout='60'\n"
    )
    assert index_settings(printed, {}) == {
        "SSL_CERT_FILE": "/etc/own.crt",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
    }


def test_settings_made_for_uv_win_over_pip_settings() -> None:
    printed = "global.index-url='https://index.example/simple'\n"
    assert index_settings(printed, {"UV_DEFAULT_INDEX": "https://mine.example"}) == {}


def test_a_lock_without_the_installer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("uvicorn==1.0\nabsl-py==1.4.0\n")
    with pytest.raises(UnfitHostError, match="make lock"):
        pinned(tmp_path / "lock.txt", "uv")


def test_set_up_parses_on_python_3_8_and_needs_the_standard_library_only() -> None:
    standard = {*sys.stdlib_module_names, "scripts"}
    for path in sorted((ROOT / "scripts").glob("*.py")):
        tree = ast.parse(path.read_text(), feature_version=(3, 8))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= standard, path
