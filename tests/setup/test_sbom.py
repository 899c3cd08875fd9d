"""The bill of materials: `make sbom` lists what is installed, the same each time."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.setup.test_make import make


def run_sbom(python: Path, output: Path) -> bytes:
    """Runs the command of `make sbom` for another environment."""
    command = shlex.split(make("-n", "sbom").stdout.replace("\\\n", "").splitlines()[-1])
    tool = Path(sys.executable).parent / Path(command[0]).name
    changed = {"runs/sbom.cdx.json": str(output), ".venv/bin/python": str(python)}
    arguments = [changed.get(argument, argument) for argument in command[1:]]
    subprocess.run([str(tool), *arguments], check=True, capture_output=True)
    return output.read_bytes()


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A virtual environment with one package."""
    venv.create(tmp_path / "venv")
    (packages,) = (tmp_path / "venv" / "lib").glob("python3.*/site-packages")
    described = packages / "digits-1.2.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: digits\nVersion: 1.2\nLicense-Expression: MIT\n"
    )
    return tmp_path / "venv" / "bin" / "python"


def test_it_lists_packages_with_version_and_licence_the_same_each_time(
    python: Path, tmp_path: Path
) -> None:
    first, again = (run_sbom(python, tmp_path / name) for name in ("first", "again"))
    assert first == again
    bill = json.loads(first)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    (component,) = bill["components"]
    assert component["purl"] == "pkg:pypi/digits@1.2"
    assert component["licenses"][0]["license"]["id"] == "MIT"
