"""The output folder of a local run: one run uses it at a time; full disks are explained."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from modules.core.atomic_files import write_atomically
from modules.core.errors import OutputError, WarmstartError
from modules.core.wording import is_unicode

ARTIFACTS_FOLDER = "artifacts"
ATTEMPTS_FOLDER = "attempts"
SPANS_FOLDER = "spans"
LOGS_FOLDER = "logs"
REPORT_FILE = "report.html"
RESULT_FILE = "result.json"

_LOCK_FILE = ".lock"
_HOLDER_FILE = ".lock.json"
_ELSEWHERE = "Pass another folder with --output."
_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
# Errors of TensorFlow, Beam and SQLite carry no errno, only words.
_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "database or disk is full")
# With less free space than this, any failure is most likely due to it.
_ALMOST_FULL = 2**20  # bytes
_READ_ONLY_WORDS = ("Read-only file system", "attempt to write a readonly database")


@contextlib.contextmanager
def exclusive_output(output: Path) -> Iterator[None]:
    """Makes the folder if needed, and locks it against other runs inside the block.

    The operating system releases the lock when the process ends, even if it is killed.

    Args:
        output: An absolute path.

    Raises:
        OutputError: Another run holds the folder, or it cannot be written.
    """
    if not is_unicode(str(output)):
        # Neither TFX nor ML Metadata can name such a folder.
        raise OutputError(f"{output}: the path is not valid Unicode. {_ELSEWHERE}")
    lock = filelock.FileLock(output / _LOCK_FILE)
    holder = output / _HOLDER_FILE
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        _write_holder(holder)
    except filelock.Timeout:
        raise OutputError(
            f"{output}: another run is using this folder: {_describe_holder(holder)}. "
            "Wait for it to end, or pass another --output."
        ) from None
    except OSError as error:
        lock.release()
        raise _unusable(error, output) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def storage_errors_explained(output: Path) -> Iterator[None]:
    """Raises an `OutputError` where the block fails because a disk is full or read-only.

    Args:
        output: The folder that the block writes to.

    Raises:
        OutputError: Names the folder, the free space and what to do.
    """
    try:
        yield
    except WarmstartError:
        raise
    except Exception as error:
        for link in _chain(error):
            if _says(link, _FULL, _FULL_WORDS):
                raise _full(output) from error
            if _says(link, _READ_ONLY[:1], _READ_ONLY_WORDS):
                raise _unusable(OSError(errno.EROFS, os.strerror(errno.EROFS)), output) from error
        if shutil.disk_usage(output).free < _ALMOST_FULL:
            raise _full(output) from error
        raise


def command_line() -> str:
    """Returns the command that repeats this call of `warmstart`, quoted for a shell."""
    return shlex.join(["warmstart", *sys.argv[1:]])


def _write_holder(path: Path) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": command_line(),
    }
    write_atomically(path, json.dumps(holder))


def _describe_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return (
            f"process {holder['pid']} on {holder['host']}, since {holder['since']} "
            f"({holder['command']})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        # It holds the lock, but has not written this file yet.
        return "it has just started"


def _unusable(error: OSError, output: Path) -> OutputError:
    if error.errno in _FULL:
        return _full(output)
    reason = error.strerror or str(error)
    return OutputError(f"{output}: cannot be used for output: {reason}. {_ELSEWHERE}")


def _full(output: Path) -> OutputError:
    temporary = Path(tempfile.gettempdir())
    folder = min((output, temporary), key=lambda path: shutil.disk_usage(path).free)
    other = "--output" if folder == output else "TMPDIR"
    free = shutil.disk_usage(folder).free / 2**20
    return OutputError(
        f"{folder}: the disk is full ({free:.1f} MiB left). Free some of it, or name a folder on "
        f"another disk with {other}. Finished components stay cached; rerun the same command to "
        "continue."
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and those that led to it, which may say more."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            pending += [link.__context__, link.__cause__]


def _says(error: BaseException, codes: tuple[int, ...], words: tuple[str, ...]) -> bool:
    by_number = isinstance(error, OSError) and error.errno in codes
    return by_number or any(word in str(error) for word in words)
