"""Reads the class names of a domain, which are stored beside its Examples."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE


def read_class_names(examples_uri: str) -> list[str]:
    """Reads the two or more class names at the root of an Examples artifact, in label order.

    Raises:
        DataError: The file is missing or is no such list.
    """
    path = os.path.join(examples_uri, CLASSES_FILE)
    try:
        with tf.io.gfile.GFile(path, "r") as file:
            names = json.load(file)
    except tf.errors.NotFoundError:
        raise _unusable(path, "no file") from None
    except (ValueError, tf.errors.OpError) as error:
        raise _unusable(path, str(error)) from error
    are_texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not are_texts or len(names) < 2 or len(set(names)) != len(names):
        raise _unusable(path, f"{names!r:.80}")
    return list(names)


def _unusable(path: str, found: str) -> DataError:
    return DataError(
        path,
        expected="a JSON list of two or more distinct class names",
        found=found,
        fix="Run the pipeline with --fresh to ingest the data again.",
    )
