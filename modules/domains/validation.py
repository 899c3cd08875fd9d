"""What is wrong with a domain's data, found in its statistics and class names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from modules.core.example_features import CHANNELS, LABEL
from modules.core.finding import Finding
from modules.core.wording import listed
from modules.domains.class_checks import check_class_sizes, check_same_classes
from modules.domains.schema import CHANNEL_CHOICES
from modules.domains.statistics import example_count, value_counts
from modules.settings import ValidationSettings

_Reason = anomalies_pb2.AnomalyInfo
_OUT_OF_RANGE = (_Reason.INT_TYPE_BIG_INT, _Reason.INT_TYPE_SMALL_INT)
_PLAIN_WORDS = {
    _Reason.SCHEMA_MISSING_COLUMN: "no such feature",
    _Reason.SCHEMA_NEW_COLUMN: "one that the schema does not have",
    _Reason.INVALID_FEATURE_SHAPE: "no value, or several, in some examples",
}


def check_classes(
    class_names: Sequence[str],
    schema: schema_pb2.Schema,
    source_class_names: Sequence[str] | None = None,
) -> list[Finding]:
    """Compares the class names with the schema's labels and with the source's names.

    Args:
        class_names: The domain's K names in label order.
        schema: The pipeline's schema.
        source_class_names: The source's names, where the domain is a target.

    Returns:
        Findings, none if all agree.
    """
    if source_class_names is not None and (
        findings := check_same_classes(class_names, source_class_names)
    ):
        return findings
    labels = next((feature for feature in schema.feature if feature.name == LABEL), None)
    if labels is not None and labels.int_domain.max != len(class_names) - 1:
        return [
            Finding(
                None,
                LABEL,
                expected=f"{labels.int_domain.max + 1} classes, as the schema has",
                found=f"{len(class_names)} class names",
                fix="Correct source.schema_file, or leave it out to infer the schema.",
            )
        ]
    return []


def check_split(
    split: str,
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    anomalies: anomalies_pb2.Anomalies,
    schema: schema_pb2.Schema,
    class_names: Sequence[str],
    settings: ValidationSettings,
) -> list[Finding]:
    """Finds what is wrong in one split.

    Args:
        split: Its name.
        statistics: Its statistics.
        anomalies: What TFDV found in them.
        schema: The schema that TFDV compared them with.
        class_names: K names in label order.
        settings: How many examples each class needs.

    Returns:
        Findings, none if the split is as it should be.
    """
    if example_count(statistics) == 0:
        return [
            Finding(
                split,
                None,
                expected="examples",
                found="none",
                fix="Put images into this split, or correct the path.",
            )
        ]
    counts = value_counts(statistics, LABEL)
    unknown = _unknown_labels(split, counts or {}, len(class_names))
    found = [*_anomaly_findings(split, anomalies, schema, skip_label_range=bool(unknown)), *unknown]
    found += _wrong_channels(split, value_counts(statistics, CHANNELS) or {})
    if counts is not None:
        found += check_class_sizes(split, counts, class_names, settings.min_examples_per_class)
    elif not any(finding.feature == LABEL for finding in found):
        found.append(
            Finding(
                split,
                LABEL,
                expected="statistics with the count of every label",
                found="others",
                fix="Give StatisticsGen modules.domains.statistics.statistics_options().",
            )
        )
    return found


def counts_by_class(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, num_classes: int
) -> list[int]:
    """Counts a split's examples of each class; unknown labels are left out."""
    counts = value_counts(statistics, LABEL) or {}
    return [counts.get(label, 0) for label in range(num_classes)]


def _anomaly_findings(
    split: str,
    anomalies: anomalies_pb2.Anomalies,
    schema: schema_pb2.Schema,
    *,
    skip_label_range: bool,
) -> list[Finding]:
    features = {feature.name: feature for feature in schema.feature}
    findings = []
    for name, anomaly in sorted(anomalies.anomaly_info.items()):
        for reason in anomaly.reason:
            if skip_label_range and name == LABEL and reason.type in _OUT_OF_RANGE:
                continue
            new = reason.type == _Reason.SCHEMA_NEW_COLUMN
            findings.append(
                Finding(
                    split,
                    name,
                    expected="no such feature" if new else _describe(features.get(name)),
                    found=_plain_words(reason),
                    fix="It is not used." if new else "Correct these examples, or the schema.",
                    stops_the_run=not new,
                )
            )
    if anomalies.HasField("dataset_anomaly_info"):
        findings += [
            Finding(
                split,
                None,
                expected="a data set as the schema describes it",
                found=_sentence_part(reason.description),
                fix="Correct the data, or the schema.",
            )
            for reason in anomalies.dataset_anomaly_info.reason
        ]
    return findings


def _unknown_labels(split: str, counts: Mapping[int, int], num_classes: int) -> list[Finding]:
    unknown = {label: counts[label] for label in sorted(counts) if not 0 <= label < num_classes}
    if not unknown:
        return []
    shown = [f"{label} ({count} examples)" for label, count in unknown.items()]
    return [
        Finding(
            split,
            LABEL,
            expected=f"labels from 0 to {num_classes - 1}",
            found=f"unknown labels {listed(shown)}",
            fix="Correct these labels, or leave their examples out.",
        )
    ]


def _wrong_channels(split: str, counts: Mapping[int, int]) -> list[Finding]:
    # Values outside the schema's bounds are TFDV's to find.
    low, high = min(CHANNEL_CHOICES), max(CHANNEL_CHOICES)
    return [
        Finding(
            split,
            CHANNELS,
            expected="1 (grey) or 3 (colour)",
            found=f"{channels} in {counts[channels]} examples",
            fix="Convert these images to grey or RGB.",
        )
        for channels in sorted(counts)
        if low < channels < high and channels not in CHANNEL_CHOICES
    ]


def _describe(feature: schema_pb2.Feature | None) -> str:
    if feature is None:
        return "what the schema says"
    kind = "integer" if feature.type == schema_pb2.INT else "byte string"
    text = f"one {kind} in each example"
    if feature.HasField("int_domain"):
        text += f", from {feature.int_domain.min} to {feature.int_domain.max}"
    return text


def _plain_words(reason: anomalies_pb2.AnomalyInfo.Reason) -> str:
    if reason.type == _Reason.UNEXPECTED_DATA_TYPE:
        return f"values of type {reason.description.rpartition('but got ')[2]}"
    return _PLAIN_WORDS.get(reason.type) or _sentence_part(reason.description)


def _sentence_part(text: str) -> str:
    text = text.rstrip(".")
    return text[:1].lower() + text[1:]
