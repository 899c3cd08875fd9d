"""What goes into the container image; test_built_image.py runs the pipeline inside it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

EXCLUDES = Path("kubeflow/image_excludes.txt")


def names(lock: Path) -> set[str]:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith((" ", "#"))]
    return {re.split(r"[\s=]", line)[0] for line in lines}


def dockerfile() -> str:
    return Path("kubeflow/Dockerfile").read_text().replace("\\\n", "")


def test_what_is_left_out_is_in_the_lock_and_no_requirement_of_our_own() -> None:
    assert names(EXCLUDES) <= names(Path("requirements.txt"))
    ours = {Requirement(text).name for text in importlib.metadata.requires("warmstart") or []}
    assert not names(EXCLUDES) & ours


def test_packages_are_those_of_setup_py_without_extras_pinned_by_the_lock() -> None:
    (install,) = re.findall(r"/opt/uv/bin/uv pip install[^;]*-r [^;]*", dockerfile())
    assert "-r setup.py --constraints requirements.txt --excludes image_excludes.txt" in install
    assert "extra" not in install


def test_packages_of_the_system_are_added_to_the_bill_of_materials(tmp_path: Path) -> None:
    bill, packages = tmp_path / "bill.json", tmp_path / "packages.txt"
    bill.write_text(json.dumps({"components": [{"purl": "pkg:pypi/keras@3.12.0"}]}))
    packages.write_text("debian libstdc++6 1:14.2+really1 amd64\n")
    script = [sys.executable, "-I", "-S", "kubeflow/add_system_packages.py"]
    subprocess.run([*script, str(bill), str(packages)], check=True)
    assert [component["purl"] for component in json.loads(bill.read_text())["components"]] == [
        "pkg:pypi/keras@3.12.0",
        "pkg:deb/debian/libstdc%2B%2B6@1:14.2%2Breally1?arch=amd64",
    ]


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


def test_the_image_looks_for_plug_ins_where_the_page_puts_them() -> None:
    assert "PYTHONPATH=/opt/plugins " in dockerfile().rpartition("FROM runtime")[2]
    assert "COPY plugins /opt/plugins" in Path("docs/plugins.md").read_text()
