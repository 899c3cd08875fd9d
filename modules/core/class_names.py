"""The class names of a domain, as they lie beside its Examples."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE

_FIX = "Run the pipeline with --fresh to ingest the data again."


def read_class_names(examples_uri: str) -> list[str]:
    """Reads the class names at the root of an Examples artifact.

    Args:
        examples_uri: Root folder of the artifact.

    Returns:
        At least two distinct names, in label order.

    Raises:
        DataError: The file is missing or is no such list.
    """
    path = os.path.join(examples_uri, CLASSES_FILE)
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            names = json.load(file)
    except tf.errors.NotFoundError:
        raise DataError(path, expected="a list of class names", found="no file", fix=_FIX) from None
    except (ValueError, tf.errors.OpError) as error:
        raise DataError(
            path, expected="a JSON list of class names", found=f"{error}", fix=_FIX
        ) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(path, expected="a JSON list of strings", found=f"{names!r:.80}", fix=_FIX)
    if len(names) < 2 or len(set(names)) != len(names):
        raise DataError(
            path, expected="two or more distinct names", found=f"{names!r:.80}", fix=_FIX
        )
    return names
