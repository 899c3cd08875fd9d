"""Label shift and covariate shift of real digits are told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.domains.comparison import DomainComparison, compare_domains
from modules.domains.covariate_shift import check_covariate_shift
from modules.domains.description import DomainDescription, SplitDescription
from modules.settings import ValidationSettings
from tests.modules.embedded_digits import train_digits
from tests.tiny_domain import serialized_example, write_examples

Change = Callable[[np.ndarray], np.ndarray]

PER_CLASS = 40
CLASSES = [str(label) for label in range(10)]
SAME = [PER_CLASS] * 10
MOSTLY_ONES = [10, 120, *[10] * 8]


@pytest.fixture(scope="module")
def digits() -> list[np.ndarray]:
    """160 or more images of each digit."""
    pixels, labels = train_digits("mnist", 2500)
    # In MNIST's order, neighbours are by one writer: its first images are a domain of their own.
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = np.rint(pixels[order, ..., 0] * 255).astype(np.uint8), labels[order]
    return [images[labels == label][:160] for label in range(10)]


def write_domain(folder: Path, digits: list[np.ndarray], counts: list[int], start: int) -> str:
    records = [
        serialized_example(
            1000 * label + number, label, image=[tf.io.encode_png(image[..., None]).numpy()]
        )
        for label, count in enumerate(counts)
        for number, image in enumerate(digits[label][start : start + count])
    ]
    write_examples(folder, {"train": records}, CLASSES)
    return str(folder / "Split-train" / "*")


def compare(
    folder: Path,
    digits: list[np.ndarray],
    change: Change | None = None,
    counts: list[int] = SAME,
) -> DomainComparison:
    source = write_domain(folder / "source", digits, SAME, 0)
    changed = [change(images) if change else images for images in digits]
    target = write_domain(folder / "target", changed, counts, PER_CLASS)
    return compare_domains(described(SAME), described(counts), (source, target))


def described(counts: list[int]) -> DomainDescription:
    train = SplitDescription(sum(counts), dict(enumerate(counts)), True, {1: sum(counts)})
    return DomainDescription("digits", CLASSES, {"train": train})


def blurred(images: np.ndarray) -> np.ndarray:
    rolled = [np.roll(images.astype(int), shift, axis=2) for shift in (-1, 0, 1)]
    return np.mean(rolled, axis=0).astype(np.uint8)


def test_other_images_of_the_same_domain_are_no_shift(
    tmp_path: Path, digits: list[np.ndarray]
) -> None:
    comparison = compare(tmp_path, digits)
    assert comparison.shifts == []
    assert comparison.covariate_shift is not None
    assert 0.35 < comparison.covariate_shift.classifier_auc < 0.6


def test_other_shares_of_the_same_images_are_a_label_shift_only(
    tmp_path: Path, digits: list[np.ndarray]
) -> None:
    comparison = compare(tmp_path, digits, counts=MOSTLY_ONES)
    assert comparison.shifts == ["label"]
    assert comparison.label_skew["train"].l_infinity > 0.4


@pytest.mark.parametrize(
    "change", [blurred, lambda images: 255 - images, lambda images: np.roll(images, 4, axis=1)]
)
def test_other_images_of_the_same_classes_are_a_covariate_shift_only(
    tmp_path: Path, digits: list[np.ndarray], change: Change
) -> None:
    comparison = compare(tmp_path, digits, change)
    assert comparison.shifts == ["covariate"]
    assert comparison.label_skew["train"].l_infinity == 0


def test_both_at_once_are_told(tmp_path: Path, digits: list[np.ndarray]) -> None:
    assert compare(tmp_path, digits, blurred, MOSTLY_ONES).shifts == ["label", "covariate"]


def test_it_measures_the_same_every_time(tmp_path: Path, digits: list[np.ndarray]) -> None:
    one, other = (compare(tmp_path / name, digits, blurred) for name in ("one", "other"))
    assert one.covariate_shift == other.covariate_shift


def test_more_than_allowed_is_a_finding_that_names_the_setting(
    tmp_path: Path, digits: list[np.ndarray]
) -> None:
    allowed = ValidationSettings(max_domain_auc=0.7, max_pixel_skew=0.01)
    comparison = compare(tmp_path, digits, lambda images: 255 - images)
    findings = check_covariate_shift(comparison.covariate_shift, allowed)
    keys = [finding.fix.rpartition("validation.")[2] for finding in findings]
    assert keys == ["max_domain_auc.", "max_pixel_skew."]
    assert all(finding.stops_the_run for finding in findings)
    assert check_covariate_shift(comparison.covariate_shift, ValidationSettings()) == []


def test_too_few_images_give_no_distance(tmp_path: Path, digits: list[np.ndarray]) -> None:
    one = [1] * 10
    source = write_domain(tmp_path / "source", digits, one, 0)
    target = write_domain(tmp_path / "target", digits, one, 1)
    comparison = compare_domains(described(one), described(one), (source, target))
    assert comparison.covariate_shift is None
    assert comparison.shifts == []
    assert check_covariate_shift(None, ValidationSettings(max_domain_auc=0.5)) == []
