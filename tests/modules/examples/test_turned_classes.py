"""Turned images are further classes, and leave the upright ones as they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.examples.input_pipeline import PreprocessedExamples
from modules.examples.turned_classes import TURNS, with_turned_classes


def examples_of(count: int, classes: int, seed: int) -> PreprocessedExamples:
    rng = np.random.default_rng(seed)
    ids = np.array([b"train/%03d" % number for number in range(count)])
    images = rng.normal(size=(count, 5, 5, 1)).astype(np.float32)
    return PreprocessedExamples(images, rng.integers(classes, size=count), ids)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 1000))
def test_each_turn_of_a_class_is_a_class_of_its_own(count: int, classes: int, seed: int) -> None:
    examples = examples_of(count, classes, seed)
    turned = with_turned_classes(examples, classes)
    assert len(set(turned.example_ids.tolist())) == len(turned) == TURNS * count
    for turn in range(TURNS):
        part = turned.take(np.arange(turn * count, (turn + 1) * count))
        np.testing.assert_array_equal(part.known_labels // classes, turn)
        np.testing.assert_array_equal(part.known_labels % classes, examples.known_labels)
        back = np.rot90(part.images, -turn, axes=(1, 2))
        np.testing.assert_array_equal(back, examples.images)
