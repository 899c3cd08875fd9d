"""Logits of new classes, imprinted from the features of their labelled images."""

from __future__ import annotations

import keras
import numpy as np

from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.mapping_report import ClassRow, MappingReport
from modules.networks.outputs import network_outputs
from modules.networks.registry import build_network
from modules.settings import NetworkSettings
from modules.transfer.new_classes import imprint_new_classes
from tests.modules.transfer.tiny_transfer import examples

# The examples' three classes are a, b and c.
SPACE = LabelSpace(("a", "x"), ("c", "a", "b"))


def imprinted(count: int = 12) -> tuple[keras.Model, PreprocessedExamples, MappingReport]:
    keras.utils.set_random_seed(0)
    network = build_network(NetworkSettings(image_size=8), len(SPACE.classes))
    drawn = examples(count, seed=1)
    shots = drawn.relabelled(np.array([0, 2, 3]))  # a, b and c among all classes
    rows = [ClassRow(name, "of a test", "") for name in SPACE.classes]
    report = MappingReport("somewhere", "abc", {}, {}, {}, {}, rows)
    return network, shots, imprint_new_classes(network, SPACE, shots, report)


def test_new_classes_answer_for_the_images_they_were_imprinted_from() -> None:
    network, shots, _ = imprinted()
    of_new = shots.take(np.flatnonzero(shots.known_labels > 1))
    logits = network_outputs(network, of_new.images).logits[:, 2:]
    assert (np.argmax(logits, axis=1) + 2 == of_new.known_labels).mean() > 0.9


def test_new_rows_are_as_long_as_restored_ones_and_as_likely_on_average() -> None:
    network, shots, _ = imprinted()
    kernel = network.named_variables["logits/kernel"].numpy()
    lengths = np.linalg.norm(kernel, axis=0)
    np.testing.assert_allclose(lengths[2:], lengths[:2].mean(), rtol=1e-5)
    features = network_outputs(network, shots.images).features
    labels = shots.known_labels
    average = np.mean([features[labels == label].mean(axis=0) for label in (0, 2, 3)], axis=0)
    logits = average @ kernel + network.named_variables["logits/bias"].numpy()
    np.testing.assert_allclose(logits[2:], logits[:2].mean(), atol=1e-3)


def test_restored_rows_stay_and_the_report_names_the_new_ones() -> None:
    keras.utils.set_random_seed(0)
    before = build_network(NetworkSettings(image_size=8), 4).named_variables["logits/kernel"]
    network, _, report = imprinted()
    after = network.named_variables["logits/kernel"]
    np.testing.assert_array_equal(after.numpy()[:, :2], before.numpy()[:, :2])
    assert [(row.class_name, row.origin) for row in report.rows] == [
        ("a", "of a test"),
        ("x", "of a test"),
        ("b", "imprinted from 4 labelled images"),
        ("c", "imprinted from 4 labelled images"),
    ]
