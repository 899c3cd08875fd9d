"""Counts the attempts on an eval split, in a folder that outlives runs and their caches."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.evaluation.attempts import FIRST_ATTEMPT
from modules.models.served_model import Answers

_NUMBER = "number"


def count_attempt(folder: str, eval_content: str, answers: Mapping[str, Answers]) -> int:
    """Returns which attempt on an eval split some answers are, and remembers them.

    Answers that are remembered keep their number: to judge them again is no further chance to be
    lucky, whether a run was repeated, or killed before it could say what it found.

    Args:
        folder: A folder or URI; below it lies one folder for each eval split, with one file for
            each attempt.
        eval_content: Hash of the eval split's images and labels.
        answers: Each arm's answers to the eval split, in the same order.

    Raises:
        DataError: A file there is none of these.
    """
    split_folder = os.path.join(folder, eval_content[:32])
    path = os.path.join(split_folder, f"{_fingerprint(answers)}.json")
    if fileio.exists(path):
        return _read(path)
    known = fileio.listdir(split_folder) if fileio.exists(split_folder) else []
    earlier = [_read(os.path.join(split_folder, name)) for name in known if _is_attempt(name)]
    number = max(earlier, default=FIRST_ATTEMPT - 1) + 1
    fileio.makedirs(split_folder)
    io_utils.write_string_file(path, json.dumps({_NUMBER: number}))
    return number


def _fingerprint(answers: Mapping[str, Answers]) -> str:
    """Hashes what the gate sees: who was right on which example, whatever the order."""
    first = answers[ARMS[0]]
    predicted = [answers[arm].predicted.tolist() for arm in ARMS]
    rows = sorted(zip(first.example_ids, *predicted, strict=True))
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]


def _is_attempt(name: str) -> bool:
    return name.endswith(".json")


def _read(path: str) -> int:
    try:
        return int(json.loads(io_utils.read_string_file(path))[_NUMBER])
    except (ValueError, KeyError, TypeError):
        raise DataError(
            path,
            expected="the number of an attempt",
            found="other content",
            fix="Restore the file. Without it, this attempt would count as a new one.",
        ) from None
