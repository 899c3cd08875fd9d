"""`auto` follows the classes and the unlabelled images; a named method is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modules.domains.label_space import LabelSpace
from modules.settings import Shots
from modules.transfer.method_choice import choose_method
from modules.transfer.methods import TRANSFER_METHODS
from tests.modules.transfer.warm_start_result import run
from tests.training_domain import TinyDomains

SAME = LabelSpace(("a", "b"), ("a", "b"))
SUBSET = LabelSpace(("a", "b", "c"), ("c", "a"))
SUPERSET = LabelSpace(("a", "b"), ("a", "b", "c"))
DISJOINT = LabelSpace(("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    ("space", "shots", "images", "method", "because"),
    [
        (SAME, 0, 20, "information_maximization", "every target class is one of the source's"),
        (SUBSET, 1, 3, "information_maximization", "1 unlabelled image is left"),
        (SAME, "all", 20, "joint", "no unlabelled image is left"),
        (SUPERSET, 1, 100, "label_propagation", "1 of 3 target classes are new"),
        (DISJOINT, 10, 21, "label_propagation", "2 of 2 target classes are new"),
        (DISJOINT, 10, 20, "joint", "2 of 2 target classes are new, and no unlabelled"),
    ],
)
def test_auto_takes_the_best_for_what_there_is(
    space: LabelSpace, shots: Shots, images: int, method: str, because: str
) -> None:
    choice = choose_method("auto", space, shots, images)
    assert choice.method == method
    assert because in choice.chosen_because


@pytest.mark.parametrize("space", [SAME, SUBSET, SUPERSET, DISJOINT])
@pytest.mark.parametrize("images", [20, 2000])
def test_without_a_source_auto_takes_a_method_that_trains_on_none(
    space: LabelSpace, images: int
) -> None:
    choice = choose_method("auto", space, 5, images, has_source=False)
    method = TRANSFER_METHODS.find(choice.method)
    assert "source" not in method.required_streams
    assert space.relation in method.label_relations
    assert "the model's" in choice.chosen_because or space.new
    assert choice.chosen_because.endswith("and no source is given")


def test_without_source_and_labels_there_is_nothing_to_train_on() -> None:
    assert choose_method("auto", SAME, 0, 20, has_source=False).method == "zero_shot"


@pytest.mark.parametrize("space", [SAME, SUBSET, SUPERSET, DISJOINT])
@pytest.mark.parametrize("images", [20, 2000])
def test_what_auto_takes_can_do_the_classes(space: LabelSpace, images: int) -> None:
    method = TRANSFER_METHODS.find(choose_method("auto", space, "all", images).method)
    assert space.relation in method.label_relations


def test_a_named_method_is_kept() -> None:
    choice = choose_method("fine_tune", DISJOINT, 1, 100)
    assert choice == ("fine_tune", "the configuration names it")


def test_a_warm_start_trains_with_the_chosen_method_and_records_why(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    auto = run(tiny_domains, pretrained, tmp_path / "auto", method="auto")
    assert auto.record.transfer["method"] == "information_maximization"
    assert auto.record.transfer["chosen_because"] == (
        "every target class is one of the source's, and 18 unlabelled images are left"
    )
    named = run(tiny_domains, pretrained, tmp_path / "named", method="information_maximization")
    assert named.record.transfer["chosen_because"] == "the configuration names it"
    for name, weight in auto.weights.items():
        np.testing.assert_array_equal(weight, named.weights[name])
