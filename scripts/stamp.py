"""The stamp inside `.venv`: what it was made from, written last, so that half-made never counts."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Mapping

from scripts.stacks import Host, dotted

NAME = "warmstart.json"


@dataclass(frozen=True)
class Stamp:
    """What an environment depends on and was made with.

    Args:
        project: Digest of setup.py, on which only the editable install depends.
        lock: Digest of requirements.txt.
        root: The project's root, to which the editable install and every script point.
        glibc: The host's glibc.
        named: The interpreter that WARMSTART_PYTHON named, or empty.
    """

    project: str
    lock: str
    root: str
    glibc: str
    named: str

    def packages_equal(self, other: Stamp) -> bool:
        """Returns whether both agree on all but the project itself."""
        return self == Stamp(**{**asdict(other), "project": self.project})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wanted_stamp(root: Path, host: Host, environ: Mapping[str, str]) -> Stamp:
    """Returns the stamp of an environment that would be up to date now."""
    return Stamp(
        project=_digest(root / "setup.py"),
        lock=_digest(root / "requirements.txt"),
        root=str(root),
        glibc=dotted(host.glibc),
        named=environ.get("WARMSTART_PYTHON", ""),
    )


def _python_version(venv: Path) -> str:
    command = [str(venv / "bin" / "python"), "-I", "-c", "import sys; print(sys.version)"]
    return subprocess.check_output(command, stderr=subprocess.DEVNULL).decode().strip()


def read_stamp(venv: Path) -> Stamp | None:
    """Returns the stamp of `venv`, or None where it is not whole or its Python is another now."""
    try:
        written = json.loads((venv / NAME).read_text(encoding="utf-8"))
        if written.pop("python") != _python_version(venv):
            return None
        return Stamp(**written)
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        return None


def remove_stamp(venv: Path) -> None:
    """Marks `venv` as not whole."""
    if (venv / NAME).exists():
        (venv / NAME).unlink()


def write_stamp(venv: Path, stamp: Stamp) -> None:
    """Marks `venv` as whole; atomic, so that a torn stamp is never read."""
    draft = venv / (NAME + ".draft")
    written = {**asdict(stamp), "python": _python_version(venv)}
    draft.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    draft.replace(venv / NAME)
