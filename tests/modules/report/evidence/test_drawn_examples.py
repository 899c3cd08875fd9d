"""Which examples are drawn from real splits, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modules.core.arms import ARMS
from modules.core.errors import DataError
from modules.examples.input_pipeline import ExampleIndex, index_examples
from modules.examples.records import encoded_image, read_records
from modules.report.evidence.drawn_examples import DrawnExamples
from modules.report.evidence.evaluation_examples import draw_rows
from modules.report.evidence.model_features import model_features
from modules.report.evidence.predictions import Predictions
from tests.report_domain import report_data
from tests.training_domain import CLASS_NAMES, TinyDomains


def index(domain: Path) -> ExampleIndex:
    return index_examples([str(domain / "Split-eval" / "*")])


def predictions(target: ExampleIndex, **changes: Any) -> Predictions:
    values: dict[str, Any] = {
        "example_ids": [example_id.decode() for example_id in target.example_ids],
        "labels": target.labels,
        "predicted": dict.fromkeys(ARMS, target.labels),
        "confidence": {arm: np.linspace(0.3, 0.9, len(target)) for arm in ARMS},
        **changes,
    }
    return Predictions(**values)


def draw(domains: TinyDomains, **changes: Any) -> DrawnExamples:
    target = index(domains.target)
    return DrawnExamples(
        report_data(CLASS_NAMES).evaluation,
        predictions(target, **changes),
        index(domains.source),
        target,
    )


def test_records_come_in_the_order_that_was_asked_for(tiny_domains: TinyDomains) -> None:
    target = index(tiny_domains.target)
    rows = np.array([7, 0, 3])
    every = read_records(target, np.arange(len(target)))
    assert read_records(target, rows) == [every[row] for row in rows]
    assert encoded_image(every[0]).startswith(b"\x89PNG")


def test_classes_are_drawn_evenly_up_to_the_limit() -> None:
    labels = np.array([0] * 50 + [1] * 5 + [2] * 50)
    rows = draw_rows(labels, [0, 1], 20, np.random.default_rng(0))
    assert np.bincount(labels[rows], minlength=3).tolist() == [10, 5, 0]
    assert (np.diff(rows) > 0).all()
    again = draw_rows(labels, [0, 1], 20, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, again)


def test_each_class_gets_a_picture_of_each_domain(tiny_domains: TinyDomains) -> None:
    target = index(tiny_domains.target)
    samples, hardest = draw(tiny_domains).pictures(str(tiny_domains.transform_graph))
    assert [sample.label for sample in samples] == [0, 1, 2]
    for sample in samples:
        pictures = {sample.source, sample.target, sample.target_preprocessed}
        assert len(pictures) == 3
        assert None not in pictures
    assert [example.row for example in hardest] == list(range(len(target)))[:16]


def test_the_same_evaluation_draws_the_same_examples(tiny_domains: TinyDomains) -> None:
    graph = str(tiny_domains.transform_graph)
    assert draw(tiny_domains).pictures(graph) == draw(tiny_domains).pictures(graph)


def test_predictions_of_other_examples_are_refused(tiny_domains: TinyDomains) -> None:
    count = len(index(tiny_domains.target))
    others = draw(tiny_domains, example_ids=[f"other/{n:08d}" for n in range(count)])
    with pytest.raises(DataError, match="expected the examples that were evaluated"):
        others.pictures(str(tiny_domains.transform_graph))


def test_features_are_the_models_own_for_the_same_examples(
    tiny_domains: TinyDomains, pretrained: Path
) -> None:
    model = str(pretrained / "model")
    sample = draw(tiny_domains).features(model, model)
    assert sample is not None
    assert list(sample.classes) == [0, 1, 2]
    np.testing.assert_array_equal(sample.before.features, sample.after.features)
    target = index(tiny_domains.target)
    records = read_records(target, np.arange(len(target)))
    own = model_features(str(pretrained / "model" / "Format-Serving"), records)
    # Batches of other sizes: some CPUs add up in another order.
    found = sample.before.features[sample.before.is_target]
    np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(sample.before.labels[sample.before.is_target], target.labels)


def test_a_model_without_features_is_refused(tiny_domains: TinyDomains) -> None:
    graph = tiny_domains.transform_graph / "transform_fn"
    with pytest.raises(DataError, match=r"expected a signature 'features'"):
        model_features(str(graph), [b""])
