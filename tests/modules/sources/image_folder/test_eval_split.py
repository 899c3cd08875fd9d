"""A drawn eval split: by seed, in every class, whole groups, the same when data are added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modules.sources.base import EvalDraw
from modules.sources.image_folder.eval_split import draw_eval_units

_CLASSES = st.sampled_from(["cat", "dog", "cow"])
_UNITS = st.dictionaries(st.text(min_size=1, max_size=8), _CLASSES, max_size=60)


def images(count: int, class_name: str = "cat") -> list[tuple[str, str]]:
    return [(f"{class_name}/{number}.png", class_name) for number in range(count)]


@given(units=_UNITS, seed=st.integers(0, 5), share=st.floats(0.01, 0.99))
def test_a_class_of_two_or_more_images_is_on_both_sides(
    units: dict[str, str], seed: int, share: float
) -> None:
    drawn = draw_eval_units(units.items(), EvalDraw(share, seed))
    for class_name in set(units.values()):
        members = {unit for unit, of_class in units.items() if of_class == class_name}
        assert members - drawn
        assert members & drawn or len(members) == 1


@given(units=_UNITS, more=_UNITS, seed=st.integers(0, 5))
def test_an_image_keeps_its_side_when_others_are_added_if_its_class_has_both(
    units: dict[str, str], more: dict[str, str], seed: int
) -> None:
    draw = EvalDraw(0.5, seed)
    together = more | units
    before, after = (draw_eval_units(found.items(), draw) for found in (units, together))
    for class_name in set(units.values()):
        members = {unit for unit, of_class in units.items() if of_class == class_name}
        moved = (members & before) ^ (members & after)
        assert len(moved) <= 1  # The one that stood in for a side without any.


def test_a_large_class_never_moves_an_image_and_gives_the_share_that_was_asked_for() -> None:
    draw = EvalDraw(0.2, seed=3)
    before = draw_eval_units(images(1000), draw)
    after = draw_eval_units(images(2000), draw)
    assert before == after & {unit for unit, _ in images(1000)}
    assert 0.17 < len(after) / 2000 < 0.23


def test_each_class_gets_about_the_share() -> None:
    draw = EvalDraw(0.2)
    drawn = draw_eval_units([*images(2000, "cat"), *images(500, "dog")], draw)
    cats = sum(unit.startswith("cat") for unit in drawn)
    assert 340 < cats < 460
    assert 75 < len(drawn) - cats < 125


def test_another_seed_draws_others() -> None:
    one, other = (draw_eval_units(images(100), EvalDraw(0.2, seed)) for seed in (0, 1))
    assert one != other


def test_a_group_of_several_classes_is_one_unit() -> None:
    units = [(f"patient {number % 30}", ("ill", "well")[number % 2]) for number in range(300)]
    drawn = draw_eval_units(units, EvalDraw(0.3))
    assert 0 < len(drawn) < 30
