"""What only TFDV can tell about a domain: where its statistics break the schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from modules.core.example_features import LABEL
from modules.core.finding import Finding
from modules.domains.description import DomainDescription

_Reason = anomalies_pb2.AnomalyInfo
_OUT_OF_RANGE = (_Reason.INT_TYPE_BIG_INT, _Reason.INT_TYPE_SMALL_INT)
_PLAIN_WORDS = {
    _Reason.SCHEMA_MISSING_COLUMN: "no such feature",
    _Reason.SCHEMA_NEW_COLUMN: "one that the schema does not have",
    _Reason.INVALID_FEATURE_SHAPE: "no value, or several, in some examples",
}


def find_anomalies(
    statistics: Mapping[str, statistics_pb2.DatasetFeatureStatisticsList],
    schema: schema_pb2.Schema,
) -> dict[str, anomalies_pb2.Anomalies]:
    """Compares each split's statistics with the schema, as TFX's ExampleValidator does."""
    return {split: tfdv.validate_statistics(found, schema) for split, found in statistics.items()}


def check_anomalies(
    domain: DomainDescription,
    anomalies: Mapping[str, anomalies_pb2.Anomalies],
    schema: schema_pb2.Schema,
    known: Collection[Finding],
) -> list[Finding]:
    """Says in plain words what breaks the schema, and does not repeat the `known` findings.

    Args:
        domain: What is known of the domain.
        anomalies: From `find_anomalies`.
        schema: The schema that the statistics were compared with.
        known: What the rules found.
    """
    known_places = {(finding.split, finding.feature) for finding in known}
    findings = [] if (None, LABEL) in known_places else _wrong_class_count(domain, schema)
    for split, found in anomalies.items():
        if not domain.splits[split].examples:
            continue
        for name, anomaly in sorted(found.anomaly_info.items()):
            findings += [
                _finding(split, name, reason, schema)
                for reason in anomaly.reason
                if reason.type not in _OUT_OF_RANGE or (split, name) not in known_places
            ]
        findings += [
            Finding(
                split,
                None,
                expected="a data set as the schema describes it",
                found=_sentence_part(reason.description),
                fix="Correct the data, or the schema.",
            )
            for reason in found.dataset_anomaly_info.reason
        ]
        is_told = any((split, LABEL) == (told.split, told.feature) for told in findings)
        if not domain.splits[split].is_counted and not is_told:
            findings.append(
                Finding(
                    split,
                    LABEL,
                    expected="statistics with the count of every label",
                    found="others",
                    fix="Give StatisticsGen modules.domains.statistics.statistics_options().",
                )
            )
    return findings


def _wrong_class_count(domain: DomainDescription, schema: schema_pb2.Schema) -> list[Finding]:
    labels = _feature(schema, LABEL)
    if labels is None or labels.int_domain.max == len(domain.class_names) - 1:
        return []
    return [
        Finding(
            None,
            LABEL,
            expected=f"{labels.int_domain.max + 1} classes, as the schema has",
            found=f"{len(domain.class_names)} class names",
            fix="Correct source.schema_file, or leave it out to infer the schema.",
        )
    ]


def _finding(
    split: str, name: str, reason: anomalies_pb2.AnomalyInfo.Reason, schema: schema_pb2.Schema
) -> Finding:
    if reason.type == _Reason.SCHEMA_NEW_COLUMN:
        words = _PLAIN_WORDS[reason.type]
        return Finding(split, name, "no such feature", words, "It is not used.", False)
    fix = "Correct these examples, or the schema."
    return Finding(split, name, _describe(_feature(schema, name)), _plain_words(reason), fix)


def _feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature | None:
    return next((feature for feature in schema.feature if feature.name == name), None)


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
