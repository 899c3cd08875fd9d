"""Looks at the host: its C library, its compiler, and the Python interpreters that uv finds."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Mapping

from scripts.stacks import Host, Interpreter, UnfitHostError

# Asked of each candidate itself: uv remembers what a shim was last time. A virtual environment
# answers with the interpreter beneath it, so that .venv is never built on top of itself. Debian
# ships the headers apart.
_PROBE = """
import json, os, sys, sysconfig
base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
header = os.path.join(sysconfig.get_path("include"), "Python.h")
print(json.dumps([base, sys.version_info[:3], os.path.exists(header)]))
"""


def this_host() -> Host:
    """Describes the machine that this runs on."""
    library, version = platform.libc_ver()
    glibc = tuple(int(part) for part in version.split(".")) if library == "glibc" else ()
    return Host(
        system=platform.system(),
        machine=platform.machine(),
        glibc=glibc,
        compiler=shutil.which("g++") is not None,
    )


def search_path(environ: Mapping[str, str], home: Path) -> str:
    """Extends PATH for uv, which does not look into pyenv's folders and stops at shims that refuse.

    Returns the folders of PATH, then those of pyenv's interpreters, then the shims of PATH.
    """
    folders = [folder for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    installed = [str(folder) for folder in sorted(pyenv.glob("versions/3.*/bin"))]
    ordered = sorted([*folders, *installed], key=lambda folder: Path(folder).name == "shims")
    return os.pathsep.join(ordered)


def find_interpreters(uv: str, environ: Mapping[str, str], home: Path) -> Iterator[Interpreter]:
    """Yields the interpreters that uv finds, each once, newest first.

    Args:
        uv: uv's executable.
        environ: Environment variables; where WARMSTART_PYTHON is set it is the only candidate.
        home: The user's home folder.

    Raises:
        UnfitHostError: WARMSTART_PYTHON names nothing that runs.
    """
    named = environ.get("WARMSTART_PYTHON")
    command = [uv, "python", "list", "--only-installed", "--output-format", "json"]
    listed = json.loads(
        subprocess.check_output(
            [*command, *([named] if named else [])],
            env={**environ, "PATH": search_path(environ, home), "UV_PYTHON_DOWNLOADS": "never"},
            stderr=subprocess.DEVNULL,
        ).decode()
    )
    known = set()
    for entry in listed:
        kind = (entry["implementation"], entry["variant"], entry["arch"])
        if kind != ("cpython", "default", "x86_64"):
            continue
        try:
            answer = subprocess.check_output(
                [entry["path"], "-I", "-c", _PROBE], stderr=subprocess.DEVNULL
            )
        except (OSError, subprocess.SubprocessError):
            continue
        base, version, has_header = json.loads(answer.decode())
        if base not in known:
            known.add(base)
            yield Interpreter(base, tuple(version), has_header)
    if named and not known:
        raise UnfitHostError(
            f"WARMSTART_PYTHON is {named}, which is not a 64-bit CPython that runs.\n"
            "Set it to the full path of an interpreter, or unset it to search for one."
        )
