"""The stamp inside `.venv`: what it was made from, written last, so that half-made never counts."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Dict, Mapping

from scripts.stacks import Host, dotted

NAME = "warmstart.json"

Stamp = Dict[str, str]


def wanted_stamp(root: Path, host: Host, environ: Mapping[str, str]) -> Stamp:
    """Returns the stamp of an environment that would be up to date now."""
    return {
        "project": _digest(root / "setup.py"),
        "lock": _digest(root / "requirements.txt"),
        # The editable install and every script point to it.
        "root": str(root),
        "glibc": dotted(host.glibc),
        "named": environ.get("WARMSTART_PYTHON", ""),
    }


def packages_equal(one: Stamp, other: Stamp) -> bool:
    """Tells whether two stamps agree on everything but the project itself."""
    return {**one, "project": ""} == {**other, "project": ""}


def read_stamp(venv: Path) -> Stamp | None:
    """Returns the stamp of `venv`; None where it is not whole or its Python has changed."""
    try:
        stamp = json.loads((venv / NAME).read_text(encoding="utf-8"))
        return stamp if stamp.pop("python") == _python_version(venv) else None
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None


def write_stamp(venv: Path, stamp: Stamp) -> None:
    """Marks `venv` as whole; atomic, so that a torn stamp is never read."""
    draft = venv / (NAME + ".draft")
    draft.write_text(json.dumps({**stamp, "python": _python_version(venv)}), encoding="utf-8")
    draft.replace(venv / NAME)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _python_version(venv: Path) -> str:
    command = [str(venv / "bin" / "python"), "-I", "-c", "import sys; print(sys.version)"]
    return subprocess.check_output(command, stderr=subprocess.DEVNULL).decode().strip()
