"""The grid of a study."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modules.study.cells import Cell, CellResult, plan_cells

METHODS = ("zero_shot", "scratch", "joint", "coral")
NEED_LABELS = {"scratch", "joint"}


def test_methods_that_need_labels_have_no_cell_without_shots() -> None:
    cells = plan_cells(METHODS, [0, 5], 1, NEED_LABELS)
    assert [cell.method for cell in cells if cell.shots == 0] == ["zero_shot", "coral"]
    assert [cell.method for cell in cells if cell.shots == 5] == ["scratch", "joint", "coral"]


def test_the_pretrained_model_is_one_cell_whatever_the_shots_and_repeats() -> None:
    cells = plan_cells(METHODS, [1, 5, 10], 4, NEED_LABELS)
    assert [cell for cell in cells if cell.method == "zero_shot"] == [Cell(0, 0, "zero_shot")]


@given(
    st.lists(st.sampled_from(METHODS), min_size=1),
    st.lists(st.integers(0, 10), min_size=1),
    st.integers(1, 4),
)
def test_every_cell_is_planned_once_and_more_repeats_only_add(
    methods: list[str], shots: list[int], repeats: int
) -> None:
    cells = plan_cells(methods, shots, repeats, NEED_LABELS)
    assert len({cell.key for cell in cells}) == len(set(cells)) == len(cells)
    more = plan_cells(methods, shots, repeats + 1, NEED_LABELS)
    assert more[: len(cells)] == cells
    trained = [cell for cell in more if cell.method != "zero_shot"]
    assert len(trained) % (repeats + 1) == 0


def test_accuracy_is_the_share_of_right_answers() -> None:
    assert CellResult(Cell(0, 1, "joint"), correct=3, total=4, seconds=1.0).accuracy == 0.75
