"""DomainValidator: how a target differs from its source is reported, and can stop the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
from scipy.spatial.distance import jensenshannon

from tests.components.validated_domain import GOOD, Domain
from tests.tiny_domain import balanced, serialized_example

BRIGHT = tf.io.encode_png(tf.fill([8, 8, 1], tf.constant(200, tf.uint8))).numpy()
MOSTLY_ZEROS = [*balanced(5, 4), *(serialized_example(100 + index, 0) for index in range(20))]


def test_report_measures_the_label_skew_against_the_source(tmp_path: Path) -> None:
    target = {
        **GOOD,
        "train": [*balanced(5, 4), *(serialized_example(100 + i, 0) for i in range(20))],
    }
    report = Domain(tmp_path, target).with_source(GOOD).validate()
    assert report["label_skew"]["train"]["l_infinity"] == pytest.approx(25 / 40 - 1 / 4)
    divergence = jensenshannon([25, 5, 5, 5], [1, 1, 1, 1], base=2) ** 2
    assert report["label_skew"]["train"]["jensen_shannon"] == pytest.approx(divergence)
    assert report["label_skew"]["eval"] == {"l_infinity": 0.0, "jensen_shannon": 0.0}


def test_more_skew_than_allowed_stops_the_run(tmp_path: Path) -> None:
    target = {
        **GOOD,
        "train": [*balanced(5, 4), *(serialized_example(100 + i, 0) for i in range(20))],
    }
    message = Domain(tmp_path, target).with_source(GOOD).rejection(max_label_skew=0.3)
    assert "train split, label: expected a label skew" in message
    assert "found 0.375" in message


def test_report_measures_the_covariate_shift_against_the_source(tmp_path: Path) -> None:
    dark = {**GOOD, "train": balanced(20, 4)}
    report = Domain(tmp_path, {**GOOD, "train": balanced(20, 4, image=[BRIGHT])}).with_source(dark)
    measured = report.validate()
    assert measured["covariate_shift"]["classifier_auc"] == 1.0
    assert measured["covariate_shift"]["examples"] == 80
    assert measured["shifts"] == ["covariate"]


def test_more_covariate_shift_than_allowed_stops_the_run(tmp_path: Path) -> None:
    dark = {**GOOD, "train": balanced(20, 4)}
    domain = Domain(tmp_path, {**GOOD, "train": balanced(20, 4, image=[BRIGHT])}).with_source(dark)
    message = domain.rejection(max_domain_auc=0.9)
    assert "train split, image: expected an area under the curve of at most 0.9" in message
    assert "found 1.000" in message
