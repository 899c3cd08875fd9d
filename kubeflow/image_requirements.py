"""Prints the part of the lock that the container image needs.

    python3 kubeflow/image_requirements.py < requirements.txt > image-requirements.txt

The lock names after each package what asks for it (`# via`). What nothing but dropped packages ask
for is dropped as well. The image's build imports every executor afterwards, so that a package that
is needed after all is noticed there. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

DROPPED = frozenset(
    [
        # Development.
        "hypothesis",
        "mypy",
        "pandas-stubs",
        "pre-commit",
        "pytest",
        "pytest-timeout",
        "pytest-xdist",
        "ruff",
        "statsmodels",
        "types-protobuf",
        "types-pyyaml",
        "uv",
        # Notebooks; without ipywidgets and ipython, TFMA hides most of itself.
        "ipykernel",
        "jupyterlab",
        "notebook",
        # Compiling and submitting pipelines; executors need only kfp-pipeline-spec.
        "kfp",
        "kfp-server-api",
        "kubernetes",
        # Google Cloud services that no executor here uses; Cloud Storage works without them.
        "google-cloud-aiplatform",
        # Building TensorFlow operations.
        "libclang",
        # A vector database that Beam can write to.
        "milvus-lite",
        "pymilvus",
    ]
)
_PACKAGE = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==")
_VIA = re.compile(r"^    # via (?P<name>\S+)|^    #   (?P<more>\S+)")


def select(lines: Iterable[str], dropped: frozenset[str] = DROPPED) -> list[str]:
    """Returns the lines of the packages that stay, without comments.

    Args:
        lines: A lock written by `uv pip compile`.
        dropped: Names of packages to leave out, with all that only they need.

    Raises:
        ValueError: A name to drop is not in the lock.
    """
    packages, parents = _read(lines)
    if unknown := dropped - parents.keys():
        raise ValueError(f"not in the lock: {', '.join(sorted(unknown))}")
    gone = set(dropped)
    while True:
        orphans = {
            name for name, via in parents.items() if name not in gone and via and via <= gone
        }
        if not orphans:
            return [line for name, line in packages if name not in gone]
        gone |= orphans


def _read(lines: Iterable[str]) -> tuple[list[tuple[str, str]], dict[str, set[str]]]:
    packages: list[tuple[str, str]] = []
    parents: dict[str, set[str]] = {}
    for line in lines:
        if package := _PACKAGE.match(line):
            packages.append((package["name"].lower(), line.rstrip()))
            parents.setdefault(packages[-1][0], set())
        elif via := _VIA.match(line):
            parents[packages[-1][0]].add((via["name"] or via["more"]).lower())
    return packages, parents


if __name__ == "__main__":
    print("\n".join(select(sys.stdin)))
