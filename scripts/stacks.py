"""Which stack a host can run, on which interpreter: pure decisions, no look at the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence, Tuple

Version = Tuple[int, ...]


@dataclass(frozen=True)
class Stack:
    """One set of pinned versions, separated from the other by python_version in the lock.

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
    """What of the machine decides: operating system, processor, C library, compiler.

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
    """A Python that was found and answered.

    Args:
        path: Its executable.
        version: Its version, such as (3, 10, 13).
        defects: What it lacks, such as "the venv module"; empty when it is fit for use.
    """

    path: str
    version: Version
    defects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The stack to install and the interpreter to install it on."""

    stack: Stack
    interpreter: Interpreter


class UnfitHostError(Exception):
    """The host runs neither stack as it is; the message says what is missing and how to get it."""


def dotted(version: Version) -> str:
    """Returns `version` as people write it: (3, 10) becomes "3.10"."""
    return ".".join(str(part) for part in version)


def stacks_for(host: Host, stacks: Sequence[Stack] = STACKS) -> tuple[Stack, ...]:
    """Returns the stacks whose wheels load on `host`, best first.

    Raises:
        UnfitHostError: None does, or the compiler is missing.
    """
    if (host.system, host.machine) != ("Linux", "x86_64"):
        raise UnfitHostError(
            f"warmstart needs Linux on x86-64; this is {host.system} on {host.machine}. TFX's "
            "libraries (ml-metadata, tfx-bsl, TFDV) are built for it only.\n"
            "Use an x86-64 Linux machine or container, such as one of Debian or Ubuntu."
        )
    oldest = min(stack.glibc for stack in stacks)
    if not host.glibc:
        raise UnfitHostError(
            "warmstart needs glibc, and the C library of this host is another one (musl, as on "
            "Alpine?). TensorFlow is built for glibc only.\n"
            f"Use a distribution with glibc {dotted(oldest)} or newer, such as Debian or Ubuntu."
        )
    fitting = tuple(stack for stack in stacks if host.glibc >= stack.glibc)
    if not fitting:
        raise UnfitHostError(
            f"warmstart needs glibc {dotted(oldest)} or newer; this host has "
            f"{dotted(host.glibc)}, which pinned wheels do not load on.\n"
            "Use a newer release of the distribution (Debian 11, Ubuntu 20.04, RHEL 8 or later)."
        )
    if not host.compiler:
        raise UnfitHostError(
            "g++ is not on PATH. pyfarmhash, which TFX needs, ships as source and is compiled "
            "during set-up.\n"
            "Install it (Debian, Ubuntu: apt-get install g++; Fedora, RHEL: dnf install gcc-c++)."
        )
    return fitting


def wanted_pythons(stacks: Sequence[Stack]) -> tuple[Version, ...]:
    """Returns every Python version that one of `stacks` runs on, best first."""
    return tuple(version for stack in stacks for version in stack.pythons)


def choose(host: Host, interpreters: Iterable[Interpreter]) -> Choice:
    """Picks the stack and the interpreter; of equal versions the one found first wins.

    Args:
        host: The machine.
        interpreters: What was found on it, in order of discovery.

    Returns:
        The best stack that the host can run now, and its interpreter.

    Raises:
        UnfitHostError: The host cannot run a stack, or has no fit interpreter for one.
    """
    stacks = stacks_for(host)
    found = list(interpreters)
    for stack in stacks:
        for version in stack.pythons:
            for interpreter in found:
                if interpreter.version[:2] == version and not interpreter.defects:
                    return Choice(stack, interpreter)
    raise UnfitHostError(_no_interpreter(host, stacks, found))


def _no_interpreter(host: Host, stacks: Sequence[Stack], found: Sequence[Interpreter]) -> str:
    """Says which interpreter is missing, which came close, and how to get one."""
    versions = wanted_pythons(stacks)
    best = dotted(versions[0])
    lines = [
        f"no usable Python {' or '.join(dotted(version) for version in versions)} was found on "
        f"PATH or under pyenv; glibc {dotted(host.glibc)} needs one of these.",
    ]
    for interpreter in found:
        if interpreter.version[:2] in versions:
            lines.append(f"{interpreter.path} lacks {' and '.join(interpreter.defects)}.")
    if not any(interpreter.version[:2] in versions for interpreter in found):
        others = ", ".join(sorted({dotted(interpreter.version) for interpreter in found}))
        lines.append(f"Found instead: {others or 'none at all'}.")
    lines.append(
        f"Install one (pyenv install {best}; or uv python install {best}; or your distribution's "
        f"packages python{best} python{best}-venv python{best}-dev), then run make setup again. "
        "Or name one: WARMSTART_PYTHON=/path/to/python make setup."
    )
    return "\n".join(lines)
