"""TFDV statistics of one domain's Examples: how to compute them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from modules.core.example_features import CHANNELS, DOMAIN, EXAMPLE_ID, IMAGE, LABEL
from modules.domains.description import DomainDescription, SplitDescription

# TFDV counts so many values exactly; of more classes the counts would be incomplete.
_COUNTED_VALUES = 100_000


def statistics_options() -> tfdv.StatsOptions:
    """Says how StatisticsGen computes the statistics of a domain.

    Labels are categories, so TFDV counts each class instead of making a histogram of numbers.
    Images are bytes and example ids are unique: not counting them saves much of the time.
    """
    schema = schema_pb2.Schema()
    for name in (LABEL, CHANNELS):
        feature = schema.feature.add(name=name, type=schema_pb2.INT)
        feature.int_domain.is_categorical = True
    schema.feature.add(name=IMAGE, type=schema_pb2.BYTES).image_domain.SetInParent()
    example_id = schema.feature.add(name=EXAMPLE_ID, type=schema_pb2.BYTES)
    example_id.string_domain.is_categorical = schema_pb2.StringDomain.CATEGORICAL_NO
    return tfdv.StatsOptions(
        schema=schema,
        num_rank_histogram_buckets=_COUNTED_VALUES,
        use_sketch_based_topk_uniques=True,
    )


def describe_statistics(
    class_names: Sequence[str],
    statistics: Mapping[str, statistics_pb2.DatasetFeatureStatisticsList],
    otherwise: str,
) -> DomainDescription:
    """Describes a domain by its statistics.

    Args:
        class_names: K names in label order.
        statistics: Each split's, computed with `statistics_options`.
        otherwise: Name of a domain whose examples carry none.

    Returns:
        The description. A split whose statistics lack the count of some label has no counts.
    """
    names = (domain_name(of_split) for of_split in statistics.values())
    return DomainDescription(
        next(filter(None, names), otherwise),
        class_names,
        {split: _describe_split(of_split) for split, of_split in statistics.items()},
    )


def _describe_split(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> SplitDescription:
    counts = value_counts(statistics, LABEL)
    return SplitDescription(
        examples=sum(int(dataset.num_examples) for dataset in statistics.datasets),
        counts=counts or {},
        is_counted=counts is not None,
        channels=value_counts(statistics, CHANNELS) or {},
    )


def value_counts(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, feature: str
) -> dict[int, int] | None:
    """Reads how often each value of an integer feature occurs; None where it is not exact."""
    found = _feature(statistics, feature)
    if (
        found is None
        or found.type != statistics_pb2.FeatureNameStatistics.INT
        or found.WhichOneof("stats") != "string_stats"
    ):
        return None
    buckets = found.string_stats.rank_histogram.buckets
    counts = {int(bucket.label): int(bucket.sample_count) for bucket in buckets}
    complete = sum(counts.values()) == found.string_stats.common_stats.tot_num_values
    return counts if complete else None


def domain_name(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> str | None:
    """Reads the name that a split's examples carry most often; None where they carry none."""
    found = _feature(statistics, DOMAIN)
    if found is None or not found.string_stats.top_values:
        return None
    return str(found.string_stats.top_values[0].value)


def _feature(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, name: str
) -> statistics_pb2.FeatureNameStatistics | None:
    for dataset in statistics.datasets:
        for feature in dataset.features:
            if list(feature.path.step) == [name] or feature.name == name:
                return feature
    return None
