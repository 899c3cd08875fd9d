"""The hash of an eval split's content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modules.examples.content_hash import ContentHash

IMAGES = st.lists(st.tuples(st.binary(max_size=9), st.integers(0, 9)), max_size=9)


def hashed(images: list[tuple[bytes, int]]) -> int:
    content = ContentHash()
    for image, label in images:
        content.add(image, label)
    return content.value


@given(IMAGES, st.randoms(), st.integers(0, 9))
def test_neither_order_nor_shards_matter(
    images: list[tuple[bytes, int]], random: object, cut: int
) -> None:
    shuffled = sorted(images, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert hashed(shuffled) == hashed(images)
    assert ContentHash.joined(hashed(images[:cut]), hashed(images[cut:])) == hashed(images)


@given(IMAGES, st.binary(max_size=9), st.integers(0, 8))
def test_another_image_or_label_changes_it(
    images: list[tuple[bytes, int]], image: bytes, label: int
) -> None:
    found = {
        hashed(images),
        hashed([*images, (image, label)]),
        hashed([*images, (image, label + 1)]),
    }
    assert len(found) == 3
