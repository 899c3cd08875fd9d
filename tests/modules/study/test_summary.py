"""Mean and spread of a study, and its tables."""

from __future__ import annotations

import csv
import io
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.study.cells import Cell, CellResult
from modules.study.summary import SummaryRow, summarize, to_csv, to_markdown, to_table


def results(method: str, shots: int, *correct: int) -> list[CellResult]:
    return [
        CellResult(Cell(repeat, shots, method), right, total=100, seconds=1.0)
        for repeat, right in enumerate(correct)
    ]


STUDY = [
    *results("scratch", 10, 90, 92),
    *results("zero_shot", 0, 93),
    *results("joint", 1, 95, 97),
    *results("joint", 10, 98, 99),
]


@given(st.lists(st.integers(0, 100), min_size=2, max_size=9))
def test_mean_and_sd_are_those_of_the_repeats(correct: list[int]) -> None:
    (row,) = summarize(results("joint", 5, *correct), [5])
    accuracies = [right / 100 for right in correct]
    assert row.mean == pytest.approx(statistics.fmean(accuracies))
    assert row.sd == pytest.approx(statistics.stdev(accuracies))
    assert min(accuracies) - 1e-9 <= row.mean <= max(accuracies) + 1e-9


def test_the_order_of_results_makes_no_difference() -> None:
    assert summarize(STUDY[::-1], [1, 10]) == summarize(STUDY, [1, 10])


def test_the_pretrained_model_stands_at_every_number_of_shots() -> None:
    rows = [row for row in summarize(STUDY, [1, 10]) if row.method == "zero_shot"]
    assert [(row.shots, row.accuracies) for row in rows] == [(1, (0.93,)), (10, (0.93,))]


def test_a_single_repeat_has_no_spread() -> None:
    assert SummaryRow("joint", 1, (0.5,)).sd is None
    assert str(SummaryRow("joint", 1, (0.5,))) == "50.0"


def test_the_table_puts_the_best_method_first_and_leaves_gaps() -> None:
    assert to_table(summarize(STUDY, [1, 10])) == [
        ["method", "1 shot", "10 shots"],
        ["joint", "96.0 ± 1.4", "98.5 ± 0.7"],
        ["zero_shot", "93.0", "93.0"],
        ["scratch", "", "91.0 ± 1.4"],
    ]


def test_markdown_has_a_rule_as_wide_as_the_table() -> None:
    lines = to_markdown(to_table(summarize(STUDY, [1, 10]))).splitlines()
    assert lines[1] == "|---|---:|---:|"
    assert {line.count("|") for line in lines} == {4}


def test_csv_gives_back_every_digit() -> None:
    rows = summarize(results("joint", 1, 33, 34, 36), [1])
    (line,) = csv.DictReader(io.StringIO(to_csv(rows)))
    assert float(line["mean"]) == rows[0].mean
    assert float(line["sd"]) == rows[0].sd
    assert (line["repeats"], line["min"], line["max"]) == ("3", "0.33", "0.36")
