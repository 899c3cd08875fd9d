"""What TFDV statistics tell of a split, by the rules and by the schema, and what is left alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from modules.core.finding import Finding
from modules.domains.anomalies import check_anomalies, find_anomalies
from modules.domains.description import DomainDescription
from modules.domains.rules import DOMAIN_RULES, Case, apply_rules
from modules.domains.schema import infer_image_schema
from modules.domains.statistics import describe_statistics
from modules.settings import ValidationSettings
from tests.tiny_domain import balanced, serialized_example, statistics_of

NAMES = ["zero", "one", "two", "three"]
SCHEMA = infer_image_schema([statistics_of(balanced(2, 4))], 4)
GOOD = balanced(5, 4)


def findings_in(records: Sequence[bytes], min_examples_per_class: int = 1) -> list[Finding]:
    return findings_of(statistics_of(records), min_examples_per_class)


def findings_of(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, min_examples_per_class: int = 1
) -> list[Finding]:
    splits = {"train": statistics, "eval": statistics_of(balanced(9, 4))}
    domain = describe_statistics(NAMES, splits, otherwise="target")
    case = Case(domain, ValidationSettings(min_examples_per_class=min_examples_per_class))
    told = [finding for found in apply_rules(DOMAIN_RULES, case).values() for finding in found]
    return [*told, *check_anomalies(domain, find_anomalies(splits, SCHEMA), SCHEMA, told)]


def test_good_split_has_no_findings() -> None:
    assert findings_in(GOOD) == []


@pytest.mark.parametrize("changes", [{"height": [64], "width": [48]}, {"channels": [3]}])
def test_other_sizes_and_colours_are_no_findings(changes: dict[str, list[int]]) -> None:
    assert findings_in(balanced(5, 4, **changes)) == []


@pytest.mark.parametrize(
    ("bad", "feature", "found"),
    [
        (serialized_example(99, 7), "label", "unknown labels 7 (1 example)"),
        (serialized_example(99, -1), "label", "unknown labels -1 (1 example)"),
        (serialized_example(99, 0, label=None), "label", "no value, or several"),
        (serialized_example(99, 0, label=[]), "label", "no value, or several"),
        (serialized_example(99, 0, label=[1, 2]), "label", "no value, or several"),
        (serialized_example(99, 0, image=[b"a", b"b"]), "image", "no value, or several"),
        (serialized_example(99, 0, height=[0]), "height", "unexpectedly small value: 0"),
        (serialized_example(99, 0, width=[99_999]), "width", "unexpectedly large value: 99999"),
        (serialized_example(99, 0, channels=[2]), "channels", "2 in 1 example"),
        (serialized_example(99, 0, channels=[4]), "channels", "4 in 1 example"),
    ],
)
def test_one_bad_example_among_good_ones_is_found(bad: bytes, feature: str, found: str) -> None:
    findings = findings_in([*GOOD, bad])
    assert [f for f in findings if f.stops_the_run and f.feature == feature and found in f.found]
    assert {finding.feature for finding in findings} == {feature}


def test_unknown_label_is_told_once() -> None:
    assert len(findings_in([*GOOD, serialized_example(99, 7)])) == 1


@pytest.mark.parametrize(
    ("changes", "feature", "found"),
    [
        ({"domain": None}, "domain", "no such feature"),
        ({"label": None}, "label", "no such feature"),
        ({"image": [3]}, "image", "values of type INT"),
        ({"label": [b"7"]}, "label", "values of type STRING"),
    ],
)
def test_feature_that_is_missing_or_of_another_type_is_found(
    changes: dict[str, object], feature: str, found: str
) -> None:
    finding, *_ = findings_in(balanced(5, 4, **changes))
    assert finding.stops_the_run
    assert finding.feature == feature
    assert found in finding.found


def test_additional_feature_is_told_but_does_not_stop_the_run() -> None:
    (finding,) = findings_in(balanced(5, 4, camera=[7]))
    assert finding.feature == "camera"
    assert not finding.stops_the_run


def test_class_without_examples_is_named() -> None:
    (finding,) = findings_in([serialized_example(index, index % 3) for index in range(30)])
    assert finding.found == "0 of class 'three'"


def test_classes_with_too_few_examples_are_named() -> None:
    assert findings_in(GOOD, min_examples_per_class=5) == []
    (finding,) = findings_in([*GOOD, serialized_example(99, 2)], min_examples_per_class=6)
    assert finding.found == "5 of class 'zero', 5 of class 'one', 5 of class 'three'"
    assert "validation.min_examples_per_class" in finding.fix


def test_empty_split_is_one_finding() -> None:
    (finding,) = findings_in([])
    assert str(finding) == (
        "train split: expected examples, found none. "
        "Put images into this split, or correct the path."
    )


def test_statistics_without_counts_of_the_labels_are_refused() -> None:
    statistics = statistics_of(GOOD)
    (label,) = (f for f in statistics.datasets[0].features if f.path.step[0] == "label")
    del label.string_stats.rank_histogram.buckets[-1]
    (finding,) = findings_of(statistics)
    assert "statistics_options()" in finding.fix


def test_finding_says_where_what_was_expected_found_and_to_do() -> None:
    (finding,) = findings_in([*GOOD, serialized_example(99, 7)])
    assert str(finding) == (
        "train split, label: expected labels from 0 to 3, found unknown labels 7 (1 example). "
        "Correct these labels, or leave their examples out."
    )


def test_class_names_that_do_not_fit_the_schema_are_found_unless_a_rule_told_it() -> None:
    domain = DomainDescription("letters", NAMES[:3], {})
    (finding,) = check_anomalies(domain, {}, SCHEMA, [])
    assert "4 classes" in finding.expected
    assert "3 class names" in finding.found
    assert check_anomalies(domain, {}, SCHEMA, [finding]) == []


def test_long_lists_are_cut_to_a_readable_length() -> None:
    records = [*GOOD, *(serialized_example(label, label) for label in range(10, 40))]
    (finding,) = findings_in(records)
    assert finding.found.endswith("and 20 more")
