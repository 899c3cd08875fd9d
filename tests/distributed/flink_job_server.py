"""Fetches Beam's Flink job server through Maven: the jar of the Beam that is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import apache_beam
from apache_beam.options.pipeline_options import FlinkRunnerOptions

_ATTEMPT = 40  # seconds to find out whether the artifact is to be had
_LONGEST_REASON = 300  # characters
_DOWNLOAD = 600  # seconds for its 200 MB


class JarMissingError(Exception):
    """The jar cannot be had here; the message says why."""


def coordinates() -> str:
    """Names the job server of the newest Flink that the installed Beam knows."""
    flink = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS[-1]
    return f"org.apache.beam:beam-runners-flink-{flink}-job-server:{apache_beam.__version__}"


def fetch_jar(folder: Path) -> Path:
    """Copies the job server into a folder.

    Raises:
        JarMissingError: There is no Java, no Maven, or no such artifact in Maven's repositories.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise JarMissingError(f"{tool} is not on PATH")
    # The POM first: whether it is there is known in seconds.
    _maven("get", _ATTEMPT, f"-Dartifact={coordinates()}:pom", "-Dtransitive=false")
    _maven("copy", _DOWNLOAD, f"-Dartifact={coordinates()}", f"-DoutputDirectory={folder}")
    (jar,) = folder.glob("*.jar")
    return jar


def _maven(goal: str, seconds: int, *options: str) -> None:
    command: Sequence[str] = ("mvn", "-q", "-B", f"dependency:{goal}", *options)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise JarMissingError(f"Maven does not answer about {coordinates()}") from None
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if coordinates().split(":")[1] in line]
        reason = lines[0].rpartition("-pom: ")[2] if lines else f"exit {done.returncode}"
        raise JarMissingError(f"Maven cannot fetch {coordinates()}: {reason[:_LONGEST_REASON]}")
