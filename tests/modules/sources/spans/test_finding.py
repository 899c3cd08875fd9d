"""The spans that have arrived, and those to train on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import DataError
from modules.sources.spans.classes import join_class_names, new_labels
from modules.sources.spans.finding import FoundSpans, Span, find_spans
from modules.sources.spans.pattern import SpanPattern


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


def find(root: Path, pattern: str) -> FoundSpans:
    return find_spans(SpanPattern.parse(f"{root}/{pattern}"))


def test_spans_are_found_by_number_whatever_the_order_of_their_names(tmp_path: Path) -> None:
    folders(tmp_path, "span-10", "span-9", "span-2", "span-3.partial", ".span-11", "notes")
    (tmp_path / "span-12").write_text("no folder")
    found = find(tmp_path, "span-{SPAN}")
    assert [span.number for span in found.spans] == [2, 9, 10]
    assert found.newest == Span(10, "span-10", f"{tmp_path}/span-10")
    assert found.gaps == ["3 to 8"]
    assert sorted(found.others) == ["notes", "span-3.partial"]


def test_dates_may_be_folders_in_folders(tmp_path: Path) -> None:
    folders(tmp_path, "1970/01/02/images", "1970/02/01/images", "1970/02/01/other", "1970/02/03")
    found = find(tmp_path, "{YYYY}/{MM}/{DD}/images")
    assert [(span.number, span.name) for span in found.spans] == [
        (1, "1970/01/02/images"),
        (31, "1970/02/01/images"),
    ]


@pytest.mark.parametrize(
    ("names", "pattern", "said"),
    [
        (["week-1"], "span-{SPAN}", "a folder for each span, named span-{SPAN}, found week-1"),
        ([], "span-{SPAN}", "found none"),
        (["span-1", "span-01"], "span-{SPAN}", "found span 1 in span-01 as well"),
        (["2026-02-30"], "{YYYY}-{MM}-{DD}", "expected a date"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, names: list[str], pattern: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        find(folders(tmp_path, *names), pattern)
    assert said in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="site: expected a folder, found nothing"):
        find(tmp_path / "site", "span-{SPAN}")


@given(st.sets(st.integers(0, 99), min_size=1), st.integers(1, 120))
def test_the_chosen_spans_are_the_newest(numbers: set[int], last: int) -> None:
    found = FoundSpans([Span(number, str(number), str(number)) for number in sorted(numbers)])
    assert found.chosen("all") == found.spans
    assert found.chosen("latest") == [found.newest]
    assert found.chosen(f"last:{last}") == found.spans[max(0, len(numbers) - last) :]


def test_the_fingerprint_changes_with_a_span_or_a_file_and_not_otherwise(tmp_path: Path) -> None:
    folders(tmp_path, "span-1", "span-2")
    file = tmp_path / "span-1" / "image.png"
    file.write_bytes(b"one")
    seen = [find(tmp_path, "span-{SPAN}").fingerprint]
    folders(tmp_path, "span-3.partial", "notes")
    assert find(tmp_path, "span-{SPAN}").fingerprint == seen[0]
    file.write_bytes(b"other")
    seen.append(find(tmp_path, "span-{SPAN}").fingerprint)
    (tmp_path / "span-3.partial").rename(tmp_path / "span-3")
    seen.append(find(tmp_path, "span-{SPAN}").fingerprint)
    assert len(set(seen)) == 3


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), min_size=1))
def test_all_classes_of_all_spans_keep_their_names_under_the_new_labels(
    of_spans: list[list[str]],
) -> None:
    joined = join_class_names(of_spans)
    assert sorted(joined) == sorted({name for names in of_spans for name in names})
    for names in of_spans:
        labels = new_labels(names, joined)
        assert [joined[label] for label in labels or range(len(names))] == names
