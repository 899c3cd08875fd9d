"""A class twenty times as large as another is worth a warning, which stops nothing."""

from __future__ import annotations

import pytest

from modules.domains.balance import find_imbalance
from modules.domains.description import DomainDescription, SplitDescription


def domain(*counts: int) -> DomainDescription:
    split = SplitDescription(sum(counts), dict(enumerate(counts)), True, {1: sum(counts)})
    names = [f"class {label}" for label in range(len(counts))]
    return DomainDescription("folder", names, {"train": split})


def test_twenty_fold_is_a_warning_with_advice() -> None:
    (finding,) = find_imbalance(domain(200, 10, 50))
    assert finding.found == "10 of class 'class 1' and 200 of class 'class 0'"
    assert "Add images of the small classes" in finding.fix
    assert not finding.stops_the_run


@pytest.mark.parametrize("counts", [(199, 10), (5, 5), (0, 5), (0, 0)])
def test_less_is_none_and_an_empty_class_is_another_rule_s(counts: tuple[int, int]) -> None:
    assert find_imbalance(domain(*counts)) == []
