"""The signatures of a domain's images, kept beside its Examples."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.domains.duplicates.signatures import Signatures

SIGNATURES_FOLDER = "signatures"
SPLITS = (TRAIN_SPLIT, EVAL_SPLIT)
_NAME = re.compile(r"(?P<split>\w+)-(?P<shard>\d{5,})\.npz")
_SHARD_BITS, _SPLIT_BITS = 32, 60


class SignatureFile(NamedTuple):
    """Where the signatures of one shard are.

    Attributes:
        shard: Number of the shard within its split.
    """

    path: str
    split: str
    shard: int

    def places(self, rows: int) -> npt.NDArray[np.int64]:
        """Numbers the shard's images, int64 [rows]; no other shard has these numbers."""
        first = (SPLITS.index(self.split) << _SPLIT_BITS) + (self.shard << _SHARD_BITS)
        return first + np.arange(rows, dtype=np.int64)


def signature_file(examples_uri: str, split: str, shard: int) -> SignatureFile:
    """Names the file of a shard."""
    name = f"{split}-{shard:05d}.npz"
    return SignatureFile(os.path.join(examples_uri, SIGNATURES_FOLDER, name), split, shard)


def list_signature_files(examples_uri: str) -> list[SignatureFile]:
    """Lists the files below an Examples artifact; another component's has none."""
    folder = os.path.join(examples_uri, SIGNATURES_FOLDER)
    if not tf.io.gfile.isdir(folder):
        return []
    matches = [_NAME.fullmatch(name) for name in sorted(tf.io.gfile.listdir(folder))]
    return [
        SignatureFile(os.path.join(folder, match[0]), match["split"], int(match["shard"]))
        for match in matches
        if match
    ]


def write_signatures(path: str, signatures: Signatures) -> None:
    """Writes a file in one step; equal signatures give equal bytes."""
    # In memory first: writing a ZIP file seeks, which object stores cannot do.
    content = io.BytesIO()
    arrays: dict[str, Any] = signatures.arrays()
    np.savez(content, **arrays)
    write_atomically(path, content.getvalue(), contested=True)


def read_signatures(path: str) -> Signatures:
    """Reads a file that `write_signatures` has written.

    Raises:
        DataError: It is not readable.
    """
    try:
        with tf.io.gfile.GFile(path, "rb") as file, np.load(io.BytesIO(file.read())) as arrays:
            return Signatures(**arrays)
    except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        raise DataError(
            path,
            expected="signatures that ImageExampleGen wrote",
            found=str(error),
            fix="Run the pipeline with --fresh to ingest the data again.",
        ) from error


def read_places(examples_uri: str, places: npt.NDArray[np.int64]) -> tuple[Signatures, list[str]]:
    """Reads the signatures of some images, and their splits.

    Args:
        examples_uri: Where the files are.
        places: int64 [N], ascending numbers from `SignatureFile.places`.
    """
    parts: list[Signatures] = []
    splits: list[str] = []
    for file, rows in rows_by_file(examples_uri, places):
        parts.append(read_signatures(file.path).take(rows))
        splits += [file.split] * len(rows)
    return Signatures.concatenate(parts), splits


def rows_by_file(
    examples_uri: str, places: npt.NDArray[np.int64]
) -> Iterator[tuple[SignatureFile, npt.NDArray[np.int64]]]:
    """Finds the file and the rows in it of ascending places, file by file."""
    shards = places >> _SHARD_BITS
    for shard in np.unique(shards).tolist():
        rows = places[shards == shard] & ((1 << _SHARD_BITS) - 1)
        split, number = divmod(shard, 1 << (_SPLIT_BITS - _SHARD_BITS))
        yield signature_file(examples_uri, SPLITS[split], number), rows


def read_split_signatures(examples_uri: str) -> Mapping[str, Signatures]:
    """Reads all signatures of a domain by split; empty where nothing is stored.

    Raises:
        DataError: A file is not readable.
    """
    files = list_signature_files(examples_uri)
    return {
        split: Signatures.concatenate(
            [read_signatures(file.path) for file in files if file.split == split]
        )
        for split in dict.fromkeys(file.split for file in files)
    }
