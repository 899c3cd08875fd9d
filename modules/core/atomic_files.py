"""Writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def write_atomically(
    path: str | os.PathLike[str], content: str | bytes, *, contested: bool = False
) -> None:
    """Writes a file in one step: no reader ever sees a part of it.

    The content goes to a file beside it first, which then takes its place. If that fails, the
    earlier file stays as it was.

    Args:
        path: Local path, or a URI that TensorFlow's file systems know. Its folder must exist.
        content: Bytes, or text to be written as UTF-8.
        contested: Several processes may write the same file at the same time; the last one wins.

    Raises:
        OSError: A local file cannot be written.
        tf.errors.OpError: A remote one cannot be written.
    """
    final = os.fspath(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    partial = f"{final}.partial-{uuid.uuid4().hex}" if contested else f"{final}.partial"
    replace = _replace_remote if "://" in final else _replace_local
    replace(partial, final, data)


def _replace_local(partial: str, final: str, data: bytes) -> None:
    try:
        Path(partial).write_bytes(data)
        os.replace(partial, final)
    except BaseException:
        # What went wrong above is what the caller needs to hear.
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def _replace_remote(partial: str, final: str, data: bytes) -> None:
    # Imported late: the command line writes local files without it.
    import tensorflow as tf

    try:
        with tf.io.gfile.GFile(partial, "wb") as file:
            file.write(data)
        tf.io.gfile.rename(partial, final, overwrite=True)
    except BaseException:
        with contextlib.suppress(tf.errors.OpError):
            tf.io.gfile.remove(partial)
        raise
