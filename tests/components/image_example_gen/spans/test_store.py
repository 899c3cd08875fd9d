"""What is kept of a span is kept whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.image_example_gen.reading import ReadImages
from components.image_example_gen.shard_writer import ShardReport
from components.image_example_gen.spans.store import MANIFEST, SpanStore
from modules.sources.spans.finding import Span

REPORT = ShardReport(2, {1: "a"}, ["bad"], {"g": "a"}, content=1 << 200)
IMAGES = ReadImages({"train": REPORT}, ["x", "y"], ["no image"], ["note"], [])


@pytest.fixture
def span(tmp_path: Path) -> Span:
    (tmp_path / "span-3").mkdir()
    return Span(3, "span-3", str(tmp_path / "span-3"))


def write(folder: str) -> ReadImages:
    Path(folder, "Split-train").mkdir()
    Path(folder, "Split-train", "data").write_bytes(b"records")
    return IMAGES


def test_a_span_is_found_as_it_was_added(tmp_path: Path, span: Span) -> None:
    store = SpanStore(str(tmp_path / "store"), "recipe")
    assert store.find(span) is None
    added = store.add(span, write)
    assert store.find(span) == added
    assert added.images == IMAGES


def test_another_recipe_does_not_find_it(tmp_path: Path, span: Span) -> None:
    SpanStore(str(tmp_path), "recipe").add(span, write)
    assert SpanStore(str(tmp_path), "other").find(span) is None


@pytest.mark.parametrize("file", [MANIFEST, "Split-train/data"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_span_whose_files_are_not_whole_is_not_found(
    tmp_path: Path, span: Span, file: str, cut: bool
) -> None:
    store = SpanStore(str(tmp_path / "store"), "recipe")
    path = Path(store.add(span, write).folder, file)
    content = path.read_bytes()
    path.unlink()
    if cut:
        path.write_bytes(content[:-3])
    assert store.find(span) is None
    assert store.find(store.add(span, write).span) is not None


def test_an_attempt_that_is_interrupted_leaves_nothing(tmp_path: Path, span: Span) -> None:
    def interrupted(folder: str) -> ReadImages:
        write(folder)
        raise KeyboardInterrupt

    store = SpanStore(str(tmp_path / "store"), "recipe")
    with pytest.raises(KeyboardInterrupt):
        store.add(span, interrupted)
    assert store.find(span) is None
    assert list((tmp_path / "store").iterdir()) == []


def test_what_a_killed_attempt_left_is_removed_before_the_next(tmp_path: Path, span: Span) -> None:
    store = SpanStore(str(tmp_path / "store"), "recipe")
    folder = Path(store.add(span, write).folder)
    (folder / MANIFEST).unlink()
    (folder / "Split-train" / "left").write_bytes(b"half a record")
    added = store.add(span, write)
    assert not (folder / "Split-train" / "left").exists()
    assert store.find(span) == added


def test_the_number_of_another_span_may_begin_alike(tmp_path: Path, span: Span) -> None:
    (tmp_path / "span-31").mkdir()
    other = Span(31, "span-31", str(tmp_path / "span-31"))
    store = SpanStore(str(tmp_path / "store"), "recipe")
    for each in (other, span):
        store.add(each, write)
    assert store.find(other)
    assert store.find(span)
