"""Spans are described as a run will see them: train images of some, eval images of all."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from modules.domains.dataset_summary import DatasetSummary, ReadingLimits, summarize_dataset
from modules.domains.spans.joined_summary import SummarizedSpan, join_summaries
from tests.modules.sources.image_folder.test_layouts import tree

ALL = ReadingLimits(math.inf, math.inf, signatures=True)
COUNTING = ReadingLimits(images=0, signatures=True)


def summary(root: Path, *names: str, limits: ReadingLimits = ALL) -> DatasetSummary:
    return summarize_dataset("image_folder", str(tree(root, *names)), limits=limits)


def test_train_counts_are_those_of_the_trained_spans_and_eval_counts_of_all(
    tmp_path: Path,
) -> None:
    one = summary(tmp_path / "1", "train/a/0.png", "train/b/0.png", "eval/a/0.png", limits=COUNTING)
    two = summary(tmp_path / "2", "train/a/0.png", "train/c/0.png", "eval/c/0.png")
    newest_only = join_summaries("p", [SummarizedSpan(one, False), SummarizedSpan(two, True)], {})
    assert newest_only.class_counts == {"train": [1, 0, 1], "eval": [1, 0, 1]}
    both = join_summaries("p", [SummarizedSpan(one, True), SummarizedSpan(two, True)], {})
    assert both.class_names == ("a", "b", "c")
    assert both.class_counts == {"train": [2, 1, 1], "eval": [1, 0, 1]}
    assert (both.splits["train"].images_read, both.splits["train"].examples) == (2, 4)
    assert both.is_signed
    assert not both.problems


@pytest.mark.parametrize(("class_map", "problem"), [({"b": "x"}, False), ({"d": "x"}, True)])
def test_names_are_mapped_where_any_span_has_the_class(
    tmp_path: Path, class_map: dict[str, str], problem: bool
) -> None:
    spans = [
        SummarizedSpan(summary(tmp_path / name, f"train/{name}/0.png", f"eval/{name}/0.png"), True)
        for name in ("a", "b")
    ]
    joined = join_summaries("p", spans, class_map)
    assert bool(joined.problems) == problem
    if not problem:
        assert joined.class_names == ("a", "x")


def test_problems_and_bad_images_of_every_span_are_told(tmp_path: Path) -> None:
    sound = summary(tmp_path / "sound", "train/a/0.png", "eval/a/0.png")
    (tmp_path / "sound/train/a/0.png").write_bytes(b"no image")
    bad = summarize_dataset("image_folder", str(tmp_path / "sound"), limits=ALL)
    missing = summarize_dataset("image_folder", str(tmp_path / "missing"))
    spans = [SummarizedSpan(each, True) for each in (missing, bad, sound)]
    joined = join_summaries("p", spans, {})
    assert len(joined.problems) == len(joined.bad_images) == 1
