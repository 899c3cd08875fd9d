"""Which stack a host runs, and on which interpreter: pure decisions about what was found on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence, Tuple

Version = Tuple[int, ...]


class UnfitHostError(Exception):
    """The host runs neither stack as it is; the message says what is missing and how to get it."""


@dataclass(frozen=True)
class Stack:
    """One set of pinned versions; python_version markers in the lock separate the two.

    Args:
        name: How users know it.
        glibc: Oldest glibc that its binary wheels load on.
        pythons: Python versions it runs on, best first.
    """

    name: str
    glibc: Version
    pythons: tuple[Version, ...]


# Newest first: a host gets the first one that it can run.
STACKS = (
    Stack("TFX 1.21", glibc=(2, 39), pythons=((3, 13), (3, 12), (3, 11))),
    Stack("TFX 1.16", glibc=(2, 28), pythons=((3, 10),)),
)


@dataclass(frozen=True)
class Host:
    """What decides about a machine.

    Args:
        system: As `platform.system()` says it, such as "Linux".
        machine: As `platform.machine()` says it, such as "x86_64".
        glibc: Version of glibc; empty where the C library is another one.
        compiler: Whether `g++` is on PATH (pyfarmhash ships as source only).
    """

    system: str
    machine: str
    glibc: Version
    compiler: bool


@dataclass(frozen=True)
class Interpreter:
    """A Python on the host.

    Args:
        path: Its executable.
        version: Its version, such as (3, 10, 13).
        has_header: Whether Python.h is there, which pyfarmhash is compiled with.
    """

    path: str
    version: Version
    has_header: bool = True


def dotted(version: Version) -> str:
    """Writes a version as people do: (3, 10) becomes "3.10"."""
    return ".".join(str(part) for part in version)


def stacks_for(host: Host) -> tuple[Stack, ...]:
    """Returns the stacks whose wheels load on `host`, best first.

    Raises:
        UnfitHostError: None does, or the compiler is missing.
    """
    if (host.system, host.machine) != ("Linux", "x86_64"):
        raise UnfitHostError(
            f"warmstart needs Linux on x86-64; this is {host.system} on {host.machine}. TFX's "
            "libraries (ml-metadata, tfx-bsl, TFDV) are built for nothing else.\n"
            "Use an x86-64 Linux machine or container, for example Debian or Ubuntu."
        )
    oldest = min(stack.glibc for stack in STACKS)
    if host.glibc < oldest:
        found = f"glibc {dotted(host.glibc)}" if host.glibc else "another C library (musl?)"
        raise UnfitHostError(
            f"warmstart needs glibc {dotted(oldest)} or newer, and this host has {found}. "
            "The pinned wheels do not load on it.\n"
            "Use a newer or another distribution: Debian 11, Ubuntu 20.04, RHEL 8 or later."
        )
    if not host.compiler:
        raise UnfitHostError(
            "g++ is not on PATH. TFX needs pyfarmhash, which ships as source and is compiled "
            "during set-up.\n"
            "Install it (Debian, Ubuntu: apt-get install g++; Fedora, RHEL: dnf install gcc-c++)."
        )
    return tuple(stack for stack in STACKS if host.glibc >= stack.glibc)


def choose(host: Host, interpreters: Iterable[Interpreter]) -> tuple[Stack, Interpreter]:
    """Picks the best stack that the host can run now, and its interpreter.

    Args:
        host: The machine.
        interpreters: What was found on it; the first of equal versions wins.

    Raises:
        UnfitHostError: The host cannot run a stack, or has no fit interpreter for one.
    """
    stacks = stacks_for(host)
    found = list(interpreters)
    for stack in stacks:
        for version in stack.pythons:
            for interpreter in found:
                if interpreter.version[:2] == version and interpreter.has_header:
                    return stack, interpreter
    versions = [version for stack in stacks for version in stack.pythons]
    raise UnfitHostError(_no_interpreter(host, versions, found))


def _no_interpreter(host: Host, versions: Sequence[Version], found: Sequence[Interpreter]) -> str:
    """Says which interpreter is missing, which came close, and how to get one."""
    best = dotted(versions[0])
    lines = [
        f"glibc {dotted(host.glibc)} needs Python {' or '.join(map(dotted, versions))}, and no "
        "usable one was found on PATH, under pyenv or in uv's folder."
    ]
    near = [interpreter for interpreter in found if interpreter.version[:2] in versions]
    for interpreter in near:
        package = f"python{dotted(interpreter.version[:2])}-dev"
        lines.append(f"{interpreter.path} lacks the header Python.h (package {package}).")
    if not near:
        others = ", ".join(sorted({dotted(interpreter.version) for interpreter in found}))
        lines.append(f"Found instead: {others or 'none at all'}.")
    lines.append(
        f"Install one (pyenv install {best}; or uv python install {best}; or your distribution's "
        f"packages python{best} and python{best}-dev) and run make setup again. "
        "Or name one: WARMSTART_PYTHON=/path/to/python make setup."
    )
    return "\n".join(lines)
