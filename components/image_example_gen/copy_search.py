"""The search for copies as a Beam job: workers compare the images that share a bucket."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from tfx.dsl.io import fileio

from modules.core.atomic_files import write_atomically
from modules.domains.duplicates.files import SignatureFile, read_places, read_signatures
from modules.domains.duplicates.search import (
    Block,
    candidate_pairs,
    confirmed_pairs,
    sort_into_buckets,
)
from modules.domains.duplicates.signatures import Signatures

_CANDIDATES_FOLDER = "candidates"
# Parts of each table, which different workers may take.
_PARTS = 8


class SearchCopies(beam.PTransform):
    """Writes pairs of images that may be copies below a folder; `read_copies` confirms them.

    What travels between workers are blocks of many images at once: in elements of one image each,
    a local runner would take a minute for what NumPy does in a second.

    Args:
        root: The folder.
    """

    def __init__(self, root: str) -> None:
        super().__init__()
        self._folder = os.path.join(root, _CANDIDATES_FOLDER)

    def expand(self, files: beam.PCollection) -> beam.PCollection:  # noqa: D102
        fileio.makedirs(self._folder)
        return (
            files
            # Any, where Beam would take a NamedTuple of arrays for a row of a table.
            | "Buckets" >> beam.FlatMap(_buckets_of).with_output_types(tuple[str, Any])
            | "ByBucket" >> beam.GroupByKey()
            | "Compare" >> beam.Map(_compare, self._folder).with_output_types(None)
        )


class FoundCopies(NamedTuple):
    """The images of a domain that have copies.

    Attributes:
        places: int64 [N], where they are, as `SignatureFile.places` numbers them.
        signatures: Their signatures.
        splits: Their splits.
        pairs: int64 [P, 2], which of the N are copies of each other.
    """

    places: npt.NDArray[np.int64]
    signatures: Signatures
    splits: list[str]
    pairs: npt.NDArray[np.int64]


def read_copies(root: str) -> FoundCopies:
    """Reads what `SearchCopies` has written, and confirms it by the signatures."""
    candidates = [np.zeros((0, 2), np.int64)]
    for path in sorted(fileio.glob(os.path.join(root, _CANDIDATES_FOLDER, "*.npy"))):
        with fileio.open(path, "rb") as file:
            candidates.append(np.load(io.BytesIO(file.read())))
    places, rows = np.unique(np.concatenate(candidates), return_inverse=True)
    signatures, splits = read_places(root, places)
    pairs = confirmed_pairs(signatures, [rows.reshape(-1, 2)])
    return FoundCopies(places, signatures, splits, pairs)


def _buckets_of(file: SignatureFile) -> Iterator[tuple[str, Block]]:
    signatures = read_signatures(file.path)
    for table, block in sort_into_buckets(signatures, file.places(len(signatures))):
        parts = block.keys % np.uint64(_PARTS)
        for part in np.unique(parts).tolist():
            yield f"{table}/{part}", block.take(parts == part)


def _compare(bucket: tuple[str, Iterable[Block]], folder: str) -> None:
    name, blocks = bucket
    table = name.partition("/")[0]
    pairs = candidate_pairs(table, Block.concatenate(list(blocks)))
    if len(pairs):
        content = io.BytesIO()
        np.save(content, pairs)
        path = os.path.join(folder, f"{name.replace('/', '-')}.npy")
        write_atomically(path, content.getvalue(), contested=True)
