"""Finds copies among any number of images without comparing every pair.

Images with the same hash of their pixels are exact copies. For near copies, each image is put into
one bucket of each of six tables, by ten random projections of its structure that are rounded with
a random offset (Datar et al., Locality-Sensitive Hashing Scheme Based on p-Stable Distributions,
SoCG 2004, section 3). Copies share a bucket of at least one table; only those who do are compared.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modules.domains.duplicates.signatures import (
    BRIGHTNESS,
    VECTOR_LENGTH,
    Signatures,
    contrast_of,
    squared_frequencies,
)

# Share of the contrast; fixed on images of train splits, without their labels (docs/data.md). Of
# MNIST's no two are nearer than 0.05. JPEG at quality 75 and resizing by 10 % move one by 0.01 to
# 0.04, and images of a hundred pixels a side by less than 0.02.
MOST_DISTANCE = 0.04
_LEAST_CONTRAST = 5.0  # grey levels; below, the noise of a JPEG is a large part of the structure

EXACT = "exact"
_TABLES = 6
_PROJECTIONS = 10  # for each table
_CELL = 0.125  # width: about the standard deviation of a projection
_SKETCH = 32  # projections that tell at little cost how far two images are apart
_SKETCH_STEP = 0.004
_SKETCH_DISTANCE = 0.075  # sketches are coarse, and do not allow for softening
# Images of a bucket that each one is compared with: enormous buckets must not take their square.
_WINDOW = 16
_CHUNK = 1 << 16  # pairs that are compared at once
_SEED = 20


class Block(NamedTuple):
    """M images in the buckets of one table.

    Attributes:
        keys: uint64 [M], the buckets.
        places: int64 [M], which image of all each of them is.
        pixels: uint64 [M], hashes of the pixels.
        sketches: int8 [M, 32], coarser than the signatures.
    """

    keys: npt.NDArray[np.uint64]
    places: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.uint64]
    sketches: npt.NDArray[np.int8]

    def take(self, rows: npt.NDArray) -> Block:
        """Chooses rows, by number or by a mask."""
        return Block(*(array[rows] for array in self))

    @classmethod
    def concatenate(cls, blocks: list[Block]) -> Block:
        """Joins blocks of the same table, at least one."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*blocks, strict=True)))


def sort_into_buckets(
    signatures: Signatures, places: npt.NDArray[np.int64]
) -> Iterator[tuple[str, Block]]:
    """Puts images into a bucket of each table.

    Args:
        signatures: Of N images; those of one plain colour stay out.
        places: int64 [N], a number for each image.

    Yields:
        The name of each table, `exact` for the one of pixels, with its block.
    """
    rows = np.flatnonzero(signatures.pixels)
    pixels, places = signatures.pixels[rows], places[rows]
    vectors = signatures.vectors[rows].astype(np.float32)
    contrast = contrast_of(vectors)
    directions, offsets = _random_projections()
    projected = vectors @ directions / np.maximum(contrast, _LEAST_CONTRAST)[:, np.newaxis]
    sketches = np.clip(np.rint(projected[:, :_SKETCH] / _SKETCH_STEP), -127, 127).astype(np.int8)
    yield EXACT, Block(pixels, places, pixels, sketches)
    cells = np.floor(projected[:, _SKETCH:] / _CELL + offsets).astype(np.int64)
    structured = contrast >= _LEAST_CONTRAST
    for table in range(_TABLES):
        keys = _mix(cells[:, table * _PROJECTIONS :][:, :_PROJECTIONS])
        yield f"near{table}", Block(keys, places, pixels, sketches).take(structured)


def candidate_pairs(table: str, block: Block) -> npt.NDArray[np.int64]:
    """Compares the images that share a bucket, coarsely.

    The outcome does not depend on the order of the block.

    Returns:
        int64 [P, 2]: places of pairs that may be copies, the lower one first.
    """
    window = 1 if table == EXACT else _WINDOW
    block = block.take(np.lexsort((block.places, block.pixels, block.keys)))
    if table != EXACT:
        # Exact copies are found by their pixels: here one of them stands for all.
        same = (block.keys[1:] == block.keys[:-1]) & (block.pixels[1:] == block.pixels[:-1])
        block = block.take(np.flatnonzero(np.r_[True, ~same][: len(block.keys)]))
        # Within a bucket, those with alike sketches stand together.
        block = block.take(np.lexsort((block.places, block.sketches[:, 0], block.keys)))
    found = [np.zeros((0, 2), np.int64)]
    begins = np.flatnonzero(np.r_[True, block.keys[1:] != block.keys[:-1]])
    largest = int(np.diff(np.r_[begins, len(block.keys)]).max(initial=0))
    for step in range(1, min(window, largest - 1) + 1):
        left = np.flatnonzero(block.keys[step:] == block.keys[:-step])
        right = left + step
        difference = block.sketches[left].astype(np.int16) - block.sketches[right]
        squares = np.square(difference, dtype=np.int32).sum(axis=1)
        near = squares <= _most_sketch_squares()
        found.append(np.stack([block.places[left[near]], block.places[right[near]]], axis=1))
    return np.sort(np.concatenate(found), axis=1)


def are_copies(
    left: npt.NDArray[np.floating], right: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """Compares structures row by row: [P, VECTOR_LENGTH] each.

    Two images are copies if they differ by at most 4 % of the contrast, whatever their brightness
    and with either of them softened, as resizing does.

    Returns:
        bool [P].
    """
    contrast = np.maximum(contrast_of(left), contrast_of(right))
    allowed = np.where(contrast >= _LEAST_CONTRAST, MOST_DISTANCE * contrast, -1.0)
    near = np.zeros(len(left), np.bool_)
    for softening in _softenings():
        for soft_left, soft_right in ((softening, 1.0), (1.0, softening)):
            rest = np.flatnonzero(~near)
            near[rest] = (
                _distance(left[rest] * soft_left, right[rest] * soft_right) <= allowed[rest]
            )
    return near


def find_pairs(signatures: Signatures) -> npt.NDArray[np.int64]:
    """Finds all copies among N images in this process.

    Returns:
        int64 [P, 2]: rows of pairs, the lower one first, ascending. Of three or more exact copies,
        each is paired with the next.
    """
    blocks = sort_into_buckets(signatures, np.arange(len(signatures)))
    return confirmed_pairs(signatures, [candidate_pairs(table, block) for table, block in blocks])


def confirmed_pairs(
    signatures: Signatures, candidates: Sequence[npt.NDArray[np.int64]]
) -> npt.NDArray[np.int64]:
    """Keeps the candidates that are copies.

    Args:
        signatures: Of N images.
        candidates: Arrays of pairs of rows, int64 [.., 2], the lower one first.

    Returns:
        int64 [P, 2], ascending, without repetition.
    """
    # One number a pair: sorting numbers is many times faster than sorting rows.
    numbers = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(pairs[:, 0] * len(signatures) + pairs[:, 1] for pairs in candidates),
        ]
    )
    numbers = np.unique(numbers)
    kept = [np.zeros((0, 2), np.int64)]
    for begin in range(0, len(numbers), _CHUNK):
        pairs = np.stack(divmod(numbers[begin : begin + _CHUNK], len(signatures)), axis=1)
        left, right = pairs.T
        exact = signatures.pixels[left] == signatures.pixels[right]
        near = are_copies(signatures.vectors[left], signatures.vectors[right])
        kept.append(pairs[exact | near])
    return np.concatenate(kept)


def _distance(
    left: npt.NDArray[np.floating], right: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    difference = left.astype(np.float32) - right.astype(np.float32)
    difference[:, BRIGHTNESS] = 0.0
    return np.sqrt(np.square(difference).sum(axis=1))


@functools.cache
def _softenings() -> npt.NDArray[np.float32]:
    """What Gaussian filters of some widths leave of a structure, float32 [6, VECTOR_LENGTH]."""
    widths = np.array([0.0, 0.002, 0.004, 0.006, 0.009, 0.012], np.float32)
    return np.exp(-widths[:, np.newaxis] * squared_frequencies())


@functools.cache
def _random_projections() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Directions, float32 [VECTOR_LENGTH, 32 + 60] of length 1, and offsets, float32 [60]."""
    rng = np.random.default_rng(_SEED)
    directions = rng.normal(size=(VECTOR_LENGTH, _SKETCH + _TABLES * _PROJECTIONS))
    # Brightness says little of an image, and would fill the buckets unevenly.
    directions *= contrast_of(np.eye(VECTOR_LENGTH, dtype=np.float32))[:, np.newaxis]
    directions /= np.linalg.norm(directions, axis=0)
    offsets = rng.uniform(size=_TABLES * _PROJECTIONS)
    return directions.astype(np.float32), offsets.astype(np.float32)


def _most_sketch_squares() -> float:
    """What the squares of the differences of two copies' sketches add up to at most."""
    share = _SKETCH / VECTOR_LENGTH  # of a vector's square, in so many random directions
    return share * (_SKETCH_DISTANCE / _SKETCH_STEP) ** 2


def _mix(cells: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Hashes rows of int64 [N, M] to uint64 [N] (FNV-1a, 64 bits, a word at a time)."""
    keys = np.full(len(cells), 0xCBF29CE484222325, np.uint64)
    for column in cells.T.astype(np.uint64):
        keys = (keys ^ column) * np.uint64(0x100000001B3)
    return keys ^ (keys >> np.uint64(29))
