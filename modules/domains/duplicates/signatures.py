"""What an image is recognised by: a hash of its pixels, and its coarse structure.

The structure is what perceptual hashes take: the lowest frequencies of the cosine transform, which
re-encoding and resizing leave nearly as they are. They are kept as numbers. One bit each, as in
pHash (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, section
3.2.1), cannot tell thousands of different handwritten ones apart.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.images.thumbnail import shown_image
from modules.sources.png import decode_stored_pngs

_GREY_WAVES, _COLOUR_WAVES = 8, 4  # a side
VECTOR_LENGTH = _GREY_WAVES**2 + 2 * _COLOUR_WAVES**2
BRIGHTNESS = 0  # place of the mean luminance
_MEANS = (BRIGHTNESS, _GREY_WAVES**2, _GREY_WAVES**2 + _COLOUR_WAVES**2)
# ITU-R BT.601, as in JPEG: luminance, then blue and red differences.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
_DIFFERENCES = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
# Ink of any shade shows on it.
_PAPER = "#808080"
_BATCH = 512  # images that are signed at once
_LARGE = 512  # pixels: the shorter side from which on an image is reduced first


@dataclass(frozen=True, eq=False)
class Signatures:
    """What N images are recognised by.

    Attributes:
        pixels: uint64 [N], hashes of size and decoded pixels; 0 for images of one plain colour,
            which are alike without being copies.
        vectors: float16 [N, VECTOR_LENGTH], coarse structure in grey levels.
        labels: int64 [N].
        example_ids: bytes [N].
    """

    pixels: npt.NDArray[np.uint64]
    vectors: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]
    example_ids: npt.NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.pixels)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Returns the arrays by their names."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def take(self, rows: npt.NDArray[np.int64]) -> Signatures:
        """Copies some rows, int64 [M]."""
        return Signatures(
            self.pixels[rows], self.vectors[rows], self.labels[rows], self.example_ids[rows]
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Signatures]) -> Signatures:
        """Joins parts, none of them for none."""
        if not parts:
            vectors = np.zeros((0, VECTOR_LENGTH), np.float16)
            return cls(np.zeros(0, np.uint64), vectors, np.zeros(0, np.int64), np.zeros(0, "S1"))
        columns = zip(*(part.arrays().values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


class SignatureCollector:
    """Signs images that come one by one, a batch at a time."""

    def __init__(self) -> None:
        self._encoded: list[bytes] = []
        self._labels: list[int] = []
        self._example_ids: list[str] = []
        self._signed: list[Signatures] = []

    def add(self, encoded: bytes, label: int, example_id: str) -> None:
        """Takes an image that the pipeline can read."""
        self._encoded.append(encoded)
        self._labels.append(label)
        self._example_ids.append(example_id)
        if len(self._encoded) >= _BATCH:
            self._sign()

    def finish(self) -> Signatures:
        """Returns the signatures of all images, in their order."""
        self._sign()
        return Signatures.concatenate(self._signed)

    def _sign(self) -> None:
        if self._encoded:
            self._signed.append(sign_images(self._encoded, self._labels, self._example_ids))
        self._encoded, self._labels, self._example_ids = [], [], []


def sign_images(
    encoded: Sequence[bytes], labels: Sequence[int], example_ids: Sequence[str]
) -> Signatures:
    """Signs a batch of PNG or JPEG files.

    Example:
        >>> images = np.arange(128, dtype=np.uint8).reshape(2, 8, 8)
        >>> from modules.sources.png import encode_pngs
        >>> len(sign_images(list(encode_pngs(images)), labels=[0, 1], example_ids=["a", "b"]))
        2
    """
    stored = decode_stored_pngs(encoded)
    if stored is None:
        pairs = [_sign_file(image) for image in encoded]
        pixels = np.array([each for each, _ in pairs], np.uint64)
        vectors = np.stack([each for _, each in pairs]) if pairs else np.zeros((0, VECTOR_LENGTH))
    else:
        pixels = np.array([_hash_pixels(image) for image in stored], np.uint64)
        vectors = coarse_structure(stored)
    return Signatures(
        pixels,
        vectors.astype(np.float16),
        np.asarray(labels, np.int64),
        np.array([name.encode() for name in example_ids], np.bytes_),
    )


def coarse_structure(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Computes the lowest frequencies of images of one size.

    Args:
        images: uint8 [N, height, width] or [N, height, width, 3].

    Returns:
        float32 [N, VECTOR_LENGTH], of which the coefficients of the two-dimensional cosine
        transform are scaled so that their squares add up to the variance of the grey levels; first
        those of the luminance, then of both colour differences.
    """
    values = images.astype(np.float32)
    if images.ndim == 3:
        grey = _transform(values, _GREY_WAVES)
        return np.pad(grey, ((0, 0), (0, VECTOR_LENGTH - grey.shape[1])))
    return np.concatenate(
        [
            _transform(values @ _LUMINANCE, _GREY_WAVES),
            *(_transform(values @ weights, _COLOUR_WAVES) for weights in _DIFFERENCES),
        ],
        axis=1,
    )


def contrast_of(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Returns the length of each vector, float32 [N], without the three mean values."""
    squares = np.square(vectors, dtype=np.float32)
    squares[:, _MEANS] = 0.0
    return np.sqrt(squares.sum(axis=1))


def squared_frequencies() -> npt.NDArray[np.float32]:
    """Returns the square of each coefficient's frequency, float32 [VECTOR_LENGTH]."""
    grey, colour = (
        np.add.outer(np.arange(waves) ** 2, np.arange(waves) ** 2).ravel()
        for waves in (_GREY_WAVES, _COLOUR_WAVES)
    )
    return np.concatenate([grey, colour, colour]).astype(np.float32)


def _sign_file(encoded: bytes) -> tuple[int, npt.NDArray[np.float32]]:
    try:
        image = shown_image(encoded, _PAPER)
    except Exception:
        # What TensorFlow reads and Pillow does not is at least compared byte by byte.
        return _hash(encoded), np.zeros(VECTOR_LENGTH, np.float32)
    image = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    pixels = np.asarray(image)
    number = _hash_pixels(pixels)
    factor = min(image.size) // _LARGE
    if factor > 1:
        pixels = np.asarray(image.reduce(factor))
    return number, coarse_structure(pixels[np.newaxis])[0]


def _hash_pixels(pixels: npt.NDArray[np.uint8]) -> int:
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]  # Grey, whatever the file says.
    data = pixels.tobytes()
    first = data[: 1 if pixels.ndim == 2 else 3]
    if data == first * (len(data) // len(first)):
        return 0
    return _hash(b"%d %d %d " % (*pixels.shape[:2], pixels.ndim) + data)


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") or 1


def _transform(values: npt.NDArray[np.float32], waves: int) -> npt.NDArray[np.float32]:
    """Transforms float32 [N, H, W] to [N, waves * waves]."""
    rows, columns = (_waves(length, waves) for length in values.shape[1:])
    transformed = (rows @ values) @ columns.T
    return transformed.reshape(len(values), -1).astype(np.float32, copy=False)


@functools.lru_cache(maxsize=256)
def _waves(length: int, waves: int) -> npt.NDArray[np.float32]:
    """Cosine waves sampled at the centres of a row of pixels, float32 [waves, length]."""
    places = (np.arange(length) + 0.5) / length
    table = np.cos(np.pi * np.outer(np.arange(waves), places)) * np.sqrt(2.0)
    table[0] = 1.0
    return (table / length).astype(np.float32)
