"""What is read from TFDV statistics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import statistics_pb2

from modules.domains.statistics import describe_statistics, domain_name, value_counts
from tests.tiny_domain import balanced, serialized_example, statistics_of


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-3, 400), min_size=1, max_size=60))
def test_every_label_is_counted_exactly(labels: list[int]) -> None:
    statistics = statistics_of([serialized_example(*pair) for pair in enumerate(labels)])
    assert value_counts(statistics, "label") == {
        label: labels.count(label) for label in set(labels)
    }
    split = describe_statistics([], {"train": statistics}, otherwise="").splits["train"]
    assert split.examples == len(labels)


def test_domain_is_the_name_that_most_examples_carry() -> None:
    records = [*balanced(2, 2, domain=[b"digits"]), serialized_example(9, 0, domain=[b"letters"])]
    assert domain_name(statistics_of(records)) == "digits"
    assert domain_name(statistics_of(balanced(1, 2, domain=None))) is None


def test_images_and_ids_are_not_counted() -> None:
    statistics = statistics_of(balanced(30, 2))
    features = {feature.path.step[0]: feature for feature in statistics.datasets[0].features}
    assert features["image"].WhichOneof("stats") == "bytes_stats"
    assert not features["example_id"].string_stats.rank_histogram.buckets


def test_incomplete_counts_are_not_taken_for_whole_ones() -> None:
    statistics = statistics_of(balanced(3, 4))
    (label,) = (f for f in statistics.datasets[0].features if f.path.step[0] == "label")
    del label.string_stats.rank_histogram.buckets[-1]
    assert value_counts(statistics, "label") is None
    split = describe_statistics([], {"train": statistics}, otherwise="").splits["train"]
    assert (split.examples, split.is_counted, split.counts) == (12, False, {})


def test_a_description_counts_classes_and_channels() -> None:
    statistics = statistics_of([*balanced(2, 3), serialized_example(9, 1, channels=[3])])
    domain = describe_statistics(["a", "b", "c"], {"train": statistics}, otherwise="")
    assert domain.place == "digits"
    assert domain.class_counts == {"train": [2, 3, 2]}
    assert domain.splits["train"].channels == {1: 6, 3: 1}
    assert not domain.has_colour


@pytest.mark.parametrize("feature", ["height", "domain", "no such feature"])
def test_there_are_no_counts_of_what_is_no_category(feature: str) -> None:
    assert value_counts(statistics_of(balanced(1, 2)), feature) is None


@pytest.mark.parametrize(
    "statistics", [statistics_of([]), statistics_pb2.DatasetFeatureStatisticsList()]
)
def test_empty_split_has_no_examples(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> None:
    domain = describe_statistics(["a", "b"], {"train": statistics}, otherwise="target")
    assert domain.place == "target"
    assert domain.splits["train"].examples == 0
