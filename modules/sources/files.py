"""File access for image sources, local or remote, zipped or not; every failure is a DataError."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from modules.core.errors import DataError, one_line

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_BYTES = 1 << 20
# What file managers and archivers leave behind; hidden files are left out anyway.
_LEFTOVERS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir"}


def is_remote(path: str) -> bool:
    """Whether a path is a URI, which only TensorFlow's file systems can read."""
    return "://" in path


def open_file(path: str) -> Any:
    """Opens a file to read bytes; wrap it in `explained`, since errors are the file system's."""
    if is_remote(path):
        return _tensorflow().io.gfile.GFile(path, "rb")
    return open(path, "rb")


def file_size(file: Any) -> int:
    """Returns the bytes of a file that `open_file` opened."""
    return int(file.size()) if hasattr(file, "size") else os.fstat(file.fileno()).st_size


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turns a file system's errors about `path` into a DataError."""
    try:
        yield
    except (OSError, UnicodeError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise _unreadable(path, getattr(error, "strerror", None) or str(error), missing) from None
    except Exception as error:
        if not is_remote(path) or not isinstance(error, _tensorflow().errors.OpError):
            raise
        missing = isinstance(error, _tensorflow().errors.NotFoundError)
        raise _unreadable(path, error.message, missing) from None


def _unreadable(path: str, reason: str, missing: bool) -> DataError:
    if missing:
        return DataError(path, expected="a file or folder", found="nothing", fix="Check the path.")
    return DataError(
        path,
        expected="something readable",
        found=one_line(reason),
        fix="Check the file, its name and its permissions.",
    )


def _tensorflow() -> ModuleType:
    """Imports TensorFlow, which takes seconds, for remote files only."""
    import tensorflow as tf

    return tf


def is_folder(path: str) -> bool:
    """Whether there is a folder at a path."""
    with explained(path):
        isdir = _tensorflow().io.gfile.isdir if is_remote(path) else os.path.isdir
        return bool(isdir(path))


def list_folder(folder: str) -> list[str]:
    """Lists the names in a folder, sorted, without hidden ones and leftovers of file managers.

    Raises:
        DataError: There is no such folder, or it cannot be read.
    """
    with explained(folder):
        if not is_folder(folder):
            exists = _tensorflow().io.gfile.exists if is_remote(folder) else os.path.exists
            found = "a file" if exists(folder) else "nothing"
            raise DataError(
                folder, expected="a folder", found=found, fix="Check the domain's `path`."
            )
        listdir: Any = _tensorflow().io.gfile.listdir if is_remote(folder) else os.listdir
        # Object stores end the names of folders with a slash.
        names = [name.rstrip("/") for name in listdir(folder)]
    return sorted(name for name in names if not _is_ignored(name))


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LEFTOVERS


def walk_files(root: str, start: str, problems: list[DataError]) -> Iterator[str]:
    """Lists the files below a folder, all the way down, following links that stay inside `root`.

    Args:
        root: The folder that no link may leave.
        start: Where to begin: a path below `root`, or nothing for `root` itself.
        problems: Takes up links that lead out of `root` or in a circle, and unreadable folders.

    Yields:
        Paths below `root`, sorted within each folder, without hidden ones and leftovers.
    """
    if is_remote(root):
        yield from _walk_remote(root, start)
    else:
        folder = os.path.realpath(os.path.join(root, start))
        yield from _walk_local(root, start, (folder,), problems)


def _walk_remote(root: str, start: str) -> Iterator[str]:
    top = os.path.join(root, start) if start else root
    with explained(top):
        for parent, folders, names in _tensorflow().io.gfile.walk(top):
            folders[:] = sorted(name for name in folders if not _is_ignored(name.rstrip("/")))
            for name in sorted(names):
                if not _is_ignored(name):
                    yield os.path.relpath(os.path.join(parent, name), root)


def _walk_local(
    root: str, start: str, open_folders: tuple[str, ...], problems: list[DataError]
) -> Iterator[str]:
    try:
        with explained(os.path.join(root, start)):
            entries = sorted(os.scandir(os.path.join(root, start)), key=lambda entry: entry.name)
    except DataError as error:
        problems.append(error)
        return
    for entry in entries:
        if _is_ignored(entry.name):
            continue
        name = f"{start}/{entry.name}" if start else entry.name
        if not entry.is_dir(follow_symlinks=False) and not entry.is_symlink():
            yield name
            continue
        target = f"{open_folders[-1]}/{entry.name}"
        if entry.is_symlink():
            try:
                check_stays_inside(entry.path, root)
            except DataError as error:
                problems.append(error)
                continue
            target = os.path.realpath(entry.path)
        if not entry.is_dir():
            yield name
        elif target in open_folders:
            problems.append(_circle(entry.path, target))
        else:
            yield from _walk_local(root, name, (*open_folders, target), problems)


def _circle(path: str, target: str) -> DataError:
    return DataError(
        path,
        expected="a link that does not lead back to its own folder",
        found=f"a link to {target}",
        fix="Remove the link.",
    )


def check_stays_inside(path: str, folder: str) -> None:
    """Raises a DataError if a path in a folder is a symbolic link that leads out of it."""
    if is_remote(path) or not os.path.islink(path):
        return
    root = os.path.realpath(folder)
    target = os.path.realpath(path)
    if os.path.commonpath([root, target]) != root:
        raise DataError(
            path,
            expected=f"a path inside {folder}",
            found=f"a link to {target}",
            fix="Copy the data into the folder.",
        )


def fingerprint_folder(folder: str) -> str:
    """Hashes the names, sizes and times of all files below a folder: SHA-256 in hexadecimal."""
    states = _remote_states(folder) if is_remote(folder) else _local_states(folder)
    lines = [f"{os.path.relpath(path, folder)!a} {state}" for path, state in states]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _local_states(folder: str) -> Iterator[tuple[str, str]]:
    # TensorFlow's file system rounds times to seconds and follows links in circles.
    for parent, folders, names in os.walk(folder):
        for name in folders:
            path = os.path.join(parent, name)
            if os.path.islink(path):
                yield path, os.readlink(path)
        for name in names:
            path = os.path.join(parent, name)
            with contextlib.suppress(OSError):
                state = os.stat(path)
                yield path, f"{state.st_size} {state.st_mtime_ns}"


def _remote_states(folder: str) -> Iterator[tuple[str, str]]:
    gfile = _tensorflow().io.gfile
    for parent, _, names in gfile.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            state = gfile.stat(path)
            yield path, f"{state.length} {state.mtime_nsec}"


class ByteStream:
    """The bytes of a file from begin to end, unzipped where the file is gzip.

    Args:
        path: Local path, or a URI that TensorFlow's file systems know.
        may_be_zipped: Unzip a file that begins as a gzip file does.

    Attributes:
        position: Bytes read so far, after unzipping.
        is_gzip: Whether the file is zipped.

    Raises:
        DataError: From the constructor and every method, with file and offset.

    Example:
        >>> with ByteStream("data/optdigits/t10k-labels-idx1-ubyte.gz") as stream:
        ...     stream.read_exactly(4, "the magic number")
        b'\\x00\\x00\\x08\\x01'
    """

    def __init__(self, path: str, *, may_be_zipped: bool = True) -> None:
        self.path = path
        self.position = 0
        with explained(path):
            self._file: Any = open_file(path)
            self.is_gzip = may_be_zipped and self._file.read(2) == _GZIP_MAGIC
            self._file.seek(0)
        self._stream: Any = gzip.GzipFile(fileobj=self._file) if self.is_gzip else self._file

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Reads `size` bytes, fewer only at the file's end."""
        with explained(self.path):
            try:
                data: bytes = self._stream.read(size)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise self._broken("a complete, valid gzip file", str(error)) from None
        self.position += len(data)
        return data

    def read_exactly(self, size: int, what: str) -> bytes:
        """Reads `size` bytes that make up `what`."""
        data = self.read(size)
        if len(data) != size:
            raise self._broken(f"{size} bytes of {what}", f"the file's end after {len(data)}")
        return data

    def skip(self, size: int) -> int:
        """Skips up to `size` bytes; returns how many there were."""
        begin = self.position
        if self.is_gzip:
            while (left := begin + size - self.position) > 0:
                if not self.read(min(left, _CHUNK_BYTES)):
                    break
        else:
            with explained(self.path):
                self.position = min(begin + size, file_size(self._file))
                self._file.seek(self.position)
        return self.position - begin

    def _broken(self, expected: str, found: str) -> DataError:
        return DataError(
            self.path,
            expected=expected,
            found=found,
            fix="Copy or download the file again.",
            offset=self.position,
        )
