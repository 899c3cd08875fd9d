"""What goes into the container image; test_built_image.py runs the pipeline inside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "kubeflow/image_requirements.py"
SMALL_LOCK = """\
app==1
    # via warmstart (setup.py)
pytest==8
    # via warmstart (setup.py)
iniconfig==2
    # via pytest
shared==3 ; python_full_version < '3.11'
    # via
    #   app
    #   pytest
loop-a==1
    # via
    #   loop-b
    #   pytest
loop-b==1
    # via loop-a
"""


def select(lock: str, dropped: frozenset[str] | None = None) -> list[str]:
    """Calls the script's function; kubeflow/ is no package."""
    namespace: dict = {"__name__": "image_requirements"}
    exec(Path(SCRIPT).read_text(), namespace)
    arguments = [lock.splitlines()] if dropped is None else [lock.splitlines(), dropped]
    return namespace["select"](*arguments)


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[=]", line)[0] for line in lines}


def test_what_only_dropped_packages_need_is_dropped_too() -> None:
    kept = select(SMALL_LOCK, frozenset({"pytest"}))
    assert kept[:2] == ["app==1", "shared==3 ; python_full_version < '3.11'"]
    assert "iniconfig" not in names(kept)


def test_a_name_that_the_lock_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in the lock: pytset"):
        select(SMALL_LOCK, frozenset({"pytset"}))


def test_the_image_has_what_executors_need_and_no_development_tools() -> None:
    kept = names(select(Path("requirements.txt").read_text()))
    assert {"tensorflow", "tfx", "keras", "apache-beam", "kfp-pipeline-spec", "pydantic"} <= kept
    assert not {"pytest", "ruff", "mypy", "jupyterlab", "kfp", "kubernetes"} & kept


def test_the_script_filters_the_lock_without_any_package_installed() -> None:
    lock = Path("requirements.txt").read_text()
    done = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT], input=lock, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == select(lock)


def test_the_build_context_holds_no_tests_and_no_local_state() -> None:
    rules = Path(".dockerignore").read_text().split()
    allowed = {rule[1:].split("/")[0] for rule in rules if rule.startswith("!")}
    assert rules.count("*") == 1
    assert not allowed & {"tests", "benchmarks", "runs", ".venv", ".git"}


def test_the_build_context_holds_all_that_is_copied_from_it() -> None:
    rules = Path(".dockerignore").read_text().split()
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    copies = re.findall(r"^COPY (?!--from)(.*) \S+$", Path("kubeflow/Dockerfile").read_text(), re.M)
    for name in (name for copied in copies for name in copied.split()):
        assert any(f"{rule}/".startswith(f"{name}/") for rule in allowed), name


def test_the_final_stage_installs_nothing_and_runs_as_a_number() -> None:
    final = Path("kubeflow/Dockerfile").read_text().split("\nFROM ${BASE_IMAGE} AS runtime\n")[1]
    assert "RUN" not in final
    assert re.search(r"^USER [1-9]\d*:0$", final, re.MULTILINE)


def test_the_script_says_why_it_cannot_build(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "kubeflow/build_image.sh"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 77
    assert "cannot build here: it needs root" in done.stderr
