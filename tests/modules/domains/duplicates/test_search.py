"""The search for copies: what counts as one, and that it finds them without comparing all pairs."""

from __future__ import annotations

import io
import time

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from modules.domains.duplicates.search import (
    candidate_pairs,
    find_pairs,
    sort_into_buckets,
)
from modules.domains.duplicates.signatures import VECTOR_LENGTH, Signatures, sign_images
from modules.sources.png import encode_pngs

_sides = st.integers(2, 40)
_pixels = npst.arrays(
    np.uint8, st.one_of(st.tuples(_sides, _sides), st.tuples(_sides, _sides, st.just(3)))
)


def encoded(image: Image.Image, format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def sign(*files: bytes) -> Signatures:
    return sign_images(files, [0] * len(files), [str(number) for number in range(len(files))])


def are_paired(*files: bytes) -> bool:
    return find_pairs(sign(*files)).tolist() == [[0, 1]]


def picture(seed: int, side: int = 96) -> Image.Image:
    """A colour picture with structure at every scale."""
    rng = np.random.default_rng(seed)
    layers = [
        Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8)).resize((side, side))
        for size in (3, 6, 12, 24)
    ]
    return Image.fromarray(np.mean([np.asarray(layer) for layer in layers], axis=0).astype("uint8"))


def as_signatures(pixels: npt.NDArray, vectors: npt.NDArray) -> Signatures:
    count = len(pixels)
    names = np.array([b"%d" % number for number in range(count)])
    return Signatures(
        pixels.astype(np.uint64), vectors.astype(np.float16), np.zeros(count, np.int64), names
    )


def distinct_vectors(count: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 10, (count, VECTOR_LENGTH))


@settings(deadline=None, max_examples=50)
@given(pixels=_pixels)
def test_equal_pixels_are_a_copy_whatever_file_holds_them(pixels: np.ndarray) -> None:
    (stored,) = encode_pngs(pixels[np.newaxis])
    image = Image.fromarray(pixels)
    repacked = encoded(image, "PNG", compress_level=9)
    as_colour = encoded(image.convert("RGB"), "PNG")
    signatures = sign(stored, repacked, as_colour)
    is_plain = (pixels == pixels[:1, :1]).all()
    assert len(set(signatures.pixels.tolist())) == 1
    assert (signatures.pixels[0] == 0) == is_plain
    assert find_pairs(signatures).tolist() == ([] if is_plain else [[0, 1], [1, 2]])


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    quality=st.integers(60, 95),
    scale=st.floats(0.9, 1.1),
    filter=st.sampled_from(
        [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS]
    ),
)
def test_a_picture_is_known_again_after_resizing_and_re_encoding(
    seed: int, quality: int, scale: float, filter: Image.Resampling
) -> None:
    original = picture(seed)
    side = round(scale * original.width)
    assert are_paired(
        encoded(original, "PNG"),
        encoded(original.resize((side, side), filter), "JPEG", quality=quality),
    )


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_different_pictures_and_other_colours_are_no_copies(seed: int) -> None:
    original = picture(seed)
    red, green, blue = original.split()
    assert not are_paired(encoded(original, "PNG"), encoded(picture(seed + 1), "PNG"))
    recoloured = Image.merge("RGB", (blue, green, red))
    assert not are_paired(encoded(original, "PNG"), encoded(recoloured, "PNG"))


def test_images_of_one_plain_colour_are_alike_without_being_copies() -> None:
    (plain,) = encode_pngs(np.full((1, 8, 8), 90, np.uint8))
    assert find_pairs(sign(plain, plain, plain)).tolist() == []


def test_faint_images_are_compared_by_their_pixels_alone() -> None:
    rng = np.random.default_rng(0)
    faint = [Image.fromarray(rng.integers(100, 103, (32, 32), dtype=np.uint8)) for _ in range(2)]
    files = [encoded(image, "PNG") for image in (*faint, faint[0])]
    assert find_pairs(sign(*files)).tolist() == [[0, 2]]


def test_every_planted_copy_is_found_among_thousands() -> None:
    originals = distinct_vectors(5000)
    noise = distinct_vectors(500, seed=1)
    noise *= 0.03 * np.linalg.norm(originals[:500], axis=1, keepdims=True)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = np.concatenate([originals, originals[:500] + noise])
    pairs = find_pairs(as_signatures(np.arange(1, 5501), vectors))
    assert pairs.tolist() == [[row, 5000 + row] for row in range(500)]


def test_the_outcome_does_not_depend_on_the_order_of_a_bucket() -> None:
    vectors = np.repeat(distinct_vectors(50), 4, axis=0)
    signatures = as_signatures(np.arange(1, 201), vectors)
    rng = np.random.default_rng(3)
    for table, block in sort_into_buckets(signatures, np.arange(200)):
        shuffled = block.take(rng.permutation(len(block.keys)))
        found, expected = (
            np.unique(candidate_pairs(table, each), axis=0).tolist() for each in (shuffled, block)
        )
        assert found == expected


@pytest.mark.parametrize("copies_are_exact", [True, False])
def test_a_bucket_of_thousands_does_not_take_its_square(copies_are_exact: bool) -> None:
    count = 6000
    vectors = np.repeat(distinct_vectors(1), count, axis=0)
    vectors += np.random.default_rng(1).normal(0, 0.1, vectors.shape)
    pixels = np.full(count, 7) if copies_are_exact else np.arange(1, count + 1)
    begun = time.process_time()
    pairs = find_pairs(as_signatures(pixels, vectors))
    assert len(pairs) <= 100 * count  # of 18 million
    assert time.process_time() - begun < 10
    assert len(np.unique(pairs)) == count
