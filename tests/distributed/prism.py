"""Prism, the Beam project's portable runner in Go, built once from the Go module proxy."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

# The first release that Go's checksum database knows is far newer than the Beam of the older stack.
_PACKAGE = "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"
_FOLDER = Path.home() / ".cache" / "warmstart" / "prism-2.77.0"
# A build from nothing takes some minutes of two cores.
_MOST_SECONDS = 600
_GO = shutil.which("go") or "/usr/local/go/bin/go"


def prism_binary() -> Path:
    """Where Prism is, once it has been built."""
    return _FOLDER / "prism"


@functools.cache
def why_no_prism() -> str | None:
    """Builds Prism if needed; says why that is not possible, or None where it is there."""
    if prism_binary().exists():
        return None
    if not Path(_GO).exists():
        return "Go, which builds Prism, is missing"
    try:
        done = subprocess.run(
            [_GO, "install", _PACKAGE],
            capture_output=True,
            text=True,
            env={**os.environ, "GOBIN": str(_FOLDER)},
            timeout=_MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"Prism is not built within {_MOST_SECONDS} s; the next run goes on from there"
    return None if done.returncode == 0 else f"Prism cannot be built: {done.stderr.strip()[-300:]}"
