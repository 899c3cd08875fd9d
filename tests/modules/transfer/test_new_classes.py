"""Logits of new classes, made from the features of their labelled images."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.mapping_report import ClassRow, MappingReport
from modules.networks.outputs import network_outputs
from modules.networks.registry import build_network
from modules.settings import NetworkSettings
from modules.transfer.new_classes import begin_new_classes, probed_rows
from modules.transfer.probe import LinearProbe, fit_probe
from tests.modules.transfer.tiny_transfer import examples

# The examples' three classes are a, b and c.
SPACE = LabelSpace(("a", "x"), ("c", "a", "b"))
DISJOINT = LabelSpace(("x", "y"), ("c", "a", "b"))


def begun(
    start: str, space: LabelSpace = SPACE
) -> tuple[keras.Model, PreprocessedExamples, MappingReport]:
    keras.utils.set_random_seed(0)
    network = build_network(NetworkSettings(image_size=8), len(space.classes))
    places = [space.classes.index(name) for name in "abc"]
    shots = examples(12, seed=1).relabelled(np.array(places))
    rows = [ClassRow(name, "of a test", "") for name in space.classes]
    report = MappingReport("somewhere", "abc", {}, {}, {}, {}, rows)
    return network, shots, begin_new_classes(start, network, space, shots, report)


@pytest.mark.parametrize("start", ["imprint", "probe"])
def test_new_classes_answer_for_the_images_that_they_were_made_from(start: str) -> None:
    network, shots, _ = begun(start)
    of_new = shots.take(np.flatnonzero(shots.known_labels > 1))
    logits = network_outputs(network, of_new.images).logits[:, 2:]
    assert (np.argmax(logits, axis=1) + 2 == of_new.known_labels).mean() > 0.9


@pytest.mark.parametrize(
    ("start", "origin"),
    [
        ("imprint", "imprinted from 4 labelled images"),
        ("probe", "from a linear probe of 4 labelled images"),
    ],
)
def test_restored_rows_stay_and_the_report_names_the_new_ones(start: str, origin: str) -> None:
    keras.utils.set_random_seed(0)
    before = build_network(NetworkSettings(image_size=8), 4).named_variables["logits/kernel"]
    network, _, report = begun(start)
    after = network.named_variables["logits/kernel"]
    np.testing.assert_array_equal(after.numpy()[:, :2], before.numpy()[:, :2])
    assert [(row.class_name, row.origin) for row in report.rows] == [
        ("a", "of a test"),
        ("x", "of a test"),
        ("b", origin),
        ("c", origin),
    ]
    assert report.rows[-1].why.endswith(f"transfer.new_classes is {start}")


def test_imprinted_rows_are_as_long_as_restored_ones_and_as_likely_on_average() -> None:
    network, shots, _ = begun("imprint")
    kernel = network.named_variables["logits/kernel"].numpy()
    lengths = np.linalg.norm(kernel, axis=0)
    np.testing.assert_allclose(lengths[2:], lengths[:2].mean(), rtol=1e-5)
    features = network_outputs(network, shots.images).features
    labels = shots.known_labels
    average = np.mean([features[labels == label].mean(axis=0) for label in (0, 2, 3)], axis=0)
    logits = average @ kernel + network.named_variables["logits/bias"].numpy()
    np.testing.assert_allclose(logits[2:], logits[:2].mean(), atol=1e-3)


def test_where_no_class_is_shared_the_network_begins_with_the_probes_own_answers() -> None:
    network, shots, _ = begun("probe", DISJOINT)
    features, logits = network_outputs(network, shots.images)
    probe = fit_probe(features, shots.known_labels - 2)
    np.testing.assert_allclose(logits[:, 2:], features @ probe.kernel + probe.bias, atol=1e-4)


def linear(seed: int, classes: int, scale: float = 1.0) -> LinearProbe:
    rng = np.random.default_rng(seed)
    kernel, bias = scale * rng.normal(size=(6, classes)), scale * rng.normal(size=classes)
    return LinearProbe(kernel.astype(np.float32), bias.astype(np.float32))


def drawn(seed: int, space: LabelSpace) -> tuple[np.ndarray, np.ndarray]:
    """Features of a few examples of each target class, and labels among all classes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.sort(space.target_rows), 3)
    centers = 3.0 * rng.normal(size=(len(space.classes), 6))
    return (centers[labels] + rng.normal(size=(len(labels), 6))).astype(np.float32), labels


def answers(features: np.ndarray, restored: LinearProbe, space: LabelSpace) -> np.ndarray:
    """Log-probabilities among the target's classes, in the order of the logits."""
    _, labels = drawn(0, space)
    new = probed_rows(features, labels, space, restored)
    rows = np.sort(space.target_rows)
    kernel = np.concatenate([restored.kernel, new.kernel], axis=1)[:, rows]
    logits = features @ kernel + np.concatenate([restored.bias, new.bias])[rows]
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_beside_one_shared_class_new_ones_answer_as_in_the_probe(drawing: int, model: int) -> None:
    features, labels = drawn(drawing, SPACE)
    probe = fit_probe(features, np.searchsorted(np.sort(SPACE.target_rows), labels))
    logits = features @ probe.kernel + probe.bias
    expected = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(answers(features, linear(model, 2), SPACE), expected, atol=1e-3)


@given(st.integers(0, 1000), st.floats(0.1, 10.0))
def test_beside_several_shared_classes_new_ones_are_as_sure_as_those(
    drawing: int, scale: float
) -> None:
    space = LabelSpace(("a", "b", "x"), ("a", "b", "c", "d"))
    features, labels = drawn(drawing, space)
    plain = probed_rows(features, labels, space, linear(drawing, 3))
    scaled = probed_rows(features, labels, space, linear(drawing, 3, scale))
    np.testing.assert_allclose(scaled.kernel, scale * plain.kernel, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(scaled.bias, scale * plain.bias, rtol=1e-3, atol=1e-3)
