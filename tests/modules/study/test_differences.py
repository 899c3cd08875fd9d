"""Differences of a study between methods and controls, paired by repeat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.study.differences import paired_differences, study_markdown
from modules.study.summary import SummaryRow

ROWS = [
    SummaryRow("auto", 1, (0.90, 0.80)),
    SummaryRow("auto", 5, (0.95, 0.96)),
    SummaryRow("probe", 1, (0.85, 0.76)),
    SummaryRow("probe", 5, (0.96, 0.96)),
    SummaryRow("scratch", 5, (0.60, 0.70)),
]


def test_each_method_is_compared_with_each_control_where_both_have_results() -> None:
    found = {(d.control, d.method, d.shots): str(d) for d in paired_differences(ROWS)}
    assert found == {
        ("probe", "auto", 1): "+4.5 ± 0.7",
        ("probe", "auto", 5): "-0.5 ± 0.7",
        ("scratch", "auto", 5): "+30.5 ± 6.4",
    }


@given(st.lists(st.floats(0.3, 0.7), min_size=2, max_size=5), st.floats(-0.2, 0.2))
def test_what_all_repeats_gain_alike_has_no_spread(accuracies: list[float], gain: float) -> None:
    more = tuple(accuracy + gain for accuracy in accuracies)
    rows = [SummaryRow("joint", 1, more), SummaryRow("probe", 1, tuple(accuracies))]
    (difference,) = paired_differences(rows)
    assert difference.mean == pytest.approx(gain)
    assert difference.sd == pytest.approx(0.0, abs=1e-9)


def test_the_pretrained_model_is_the_same_in_every_repeat() -> None:
    rows = [SummaryRow("joint", 1, (0.9, 0.8)), SummaryRow("zero_shot", 1, (0.7,))]
    (difference,) = paired_differences(rows)
    assert difference.values == pytest.approx((0.2, 0.1))


def test_a_single_repeat_has_no_spread() -> None:
    rows = [SummaryRow("joint", 1, (0.75,)), SummaryRow("probe", 1, (0.5,))]
    assert [str(difference) for difference in paired_differences(rows)] == ["+25.0"]


def test_a_study_without_controls_has_its_table_alone() -> None:
    assert study_markdown(ROWS[:2]).count("|---|") == 1


def test_the_differences_stand_below_the_table() -> None:
    table, _, rest = study_markdown(ROWS).partition("\nPaired differences to probe, in points:")
    assert table.startswith("| method | 1 shot | 5 shots |\n|---|---:|---:|\n| auto |")
    assert "| auto | +4.5 ± 0.7 | -0.5 ± 0.7 |\n" in rest
    assert "| method | 5 shots |\n|---|---:|\n| auto | +30.5 ± 6.4 |\n" in rest
