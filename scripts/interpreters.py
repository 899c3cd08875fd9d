"""Looks at the host: its C library, its compiler, and the Python interpreters on it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from scripts.stacks import Host, Interpreter, UnfitHostError, Version, dotted

# Run by each candidate itself: a name on PATH proves nothing (a pyenv shim may refuse to run), nor
# does a version (Debian splits venv and the headers off). A virtual environment answers with the
# interpreter beneath it, so that set-up never builds .venv on top of itself.
_PROBE = """
import importlib.util, json, os, platform, sys, sysconfig
release = "python%d.%d" % sys.version_info[:2]
defects = []
if platform.python_implementation() != "CPython" or sys.maxsize <= 2**32:
    defects.append("64-bit CPython (it is another implementation)")
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    defects.append("the GIL (it is a free-threaded build, for which no wheels exist)")
if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
    defects.append("the venv and ensurepip modules (package %s-venv)" % release)
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    defects.append("the header Python.h (package %s-dev)" % release)
base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print(json.dumps([base, sys.version_info[:3], defects]))
"""


def this_host() -> Host:
    """Returns what decides of the machine that this runs on."""
    library, version = platform.libc_ver()
    glibc = tuple(int(part) for part in version.split(".")) if library == "glibc" else ()
    return Host(
        system=platform.system(),
        machine=platform.machine(),
        glibc=glibc,
        compiler=shutil.which("g++") is not None,
    )


def probe(path: Path) -> Interpreter | None:
    """Asks the interpreter at `path` where it lives, its version and its defects.

    Returns:
        What it said, or None where it does not run.
    """
    try:
        answer = subprocess.run(
            [str(path), "-I", "-c", _PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
        base, version, defects = json.loads(answer.stdout.decode())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(base, tuple(version), tuple(defects))


def candidate_paths(
    versions: Sequence[Version], environ: Mapping[str, str], home: Path
) -> Iterator[Path]:
    """Yields where an interpreter of one of `versions` may be: PATH, pyenv roots, uv's folder.

    Args:
        versions: Wanted (major, minor) pairs.
        environ: Environment variables, of which PATH and PYENV_ROOT count.
        home: The user's home folder.
    """
    names = [f"python{dotted(version)}" for version in versions] + ["python3", "python"]
    for name in names:
        for folder in environ.get("PATH", "").split(os.pathsep):
            if folder:
                yield Path(folder) / name
    roots = [home / ".pyenv"]
    if environ.get("PYENV_ROOT"):
        roots.insert(0, Path(environ["PYENV_ROOT"]))
    for version in versions:
        for root in roots:
            yield from sorted((root / "versions").glob(f"{dotted(version)}*/bin/python"))
        managed = home / ".local" / "share" / "uv" / "python"
        yield from sorted(managed.glob(f"cpython-{dotted(version)}.*/bin/python3"))


def find_interpreters(
    versions: Sequence[Version], environ: Mapping[str, str], home: Path
) -> Iterator[Interpreter]:
    """Yields the interpreters that run, each executable once.

    Where WARMSTART_PYTHON is set it is the only candidate.

    Raises:
        UnfitHostError: WARMSTART_PYTHON names nothing that runs.
    """
    named = environ.get("WARMSTART_PYTHON")
    if named:
        interpreter = probe(Path(named))
        if interpreter is None:
            raise UnfitHostError(
                f"WARMSTART_PYTHON is {named}, which is not a Python that runs.\n"
                "Set it to the full path of an interpreter, or unset it to search for one."
            )
        yield interpreter
        return
    tried: set[Path] = set()
    known: set[str] = set()
    for path in candidate_paths(versions, environ, home):
        target = path.resolve()
        if target in tried or not os.access(target, os.X_OK):
            continue
        tried.add(target)
        interpreter = probe(path)
        if interpreter is not None and interpreter.path not in known:
            known.add(interpreter.path)
            yield interpreter
