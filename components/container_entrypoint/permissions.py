"""What a task may not read or write, as one message: on Kubernetes, mostly a volume's fault."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from modules.core.errors import DataError


@contextlib.contextmanager
def refusals_explained() -> Iterator[None]:
    """Turns a refusal by the file system, of Python or of TensorFlow, into a DataError.

    Raises:
        DataError: The block may not read or write a path. Names the path and the remedy.
    """
    try:
        yield
    except Exception as error:
        if (path := _denied_path(error)) is None:
            raise
        raise DataError(
            path,
            expected=f"access for user {os.getuid()} of group {os.getgid()}",
            found="permission denied",
            fix="Kubeflow leaves a volume's rights as they are: let group 0 write there "
            "(chgrp -R 0 and chmod -R g+rwX). In a bucket, let the pod's service account.",
        ) from error


def _denied_path(error: Exception) -> str | None:
    if isinstance(error, PermissionError):
        return str(error.filename or error)
    # Only an executor imports TensorFlow, which is slow.
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow and isinstance(error, tensorflow.errors.PermissionDeniedError):
        # TensorFlow writes "PATH; Permission denied".
        return str(error.message).partition(";")[0]
    return None
