"""The rules for domains: what breaks each, and when there is too little to judge by."""

from __future__ import annotations

from typing import Any

import pytest

from modules.core.finding import Finding
from modules.domains.description import DomainDescription, SplitDescription
from modules.domains.rules import RULES, Case, apply_rules
from modules.settings import GateSettings, ValidationSettings

NAMES = ("zero", "one")


def split(*counts: int, is_counted: bool = True, channels: int = 1) -> SplitDescription:
    size = sum(counts)
    return SplitDescription(size, dict(enumerate(counts)), is_counted, {channels: size})


def domain(
    train: SplitDescription | None = None,
    evaluation: SplitDescription | None = None,
    names: tuple[str, ...] = NAMES,
    place: str = "target",
) -> DomainDescription:
    splits = {"train": train or split(50, 50), "eval": evaluation or split(50, 50)}
    return DomainDescription(place, names, splits)


SOURCE = domain(place="source")


def judge(
    judged: DomainDescription, source: DomainDescription | None = SOURCE, **changes: Any
) -> dict[str, list[Finding]]:
    asked: dict[str, Any] = {
        "validation": ValidationSettings(),
        "gate": GateSettings(),
        "shots": 10,
    } | changes
    return apply_rules(RULES, Case(judged, source=source, **asked))


def only(results: dict[str, list[Finding]]) -> tuple[str, Finding]:
    ((rule, finding),) = [(rule, finding) for rule in results for finding in results[rule]]
    return rule, finding


def test_a_good_target_keeps_every_rule() -> None:
    results = judge(domain(), validation=ValidationSettings(max_label_skew=0.1), channels=1)
    assert results == {rule: [] for rule in RULES}


def test_a_source_is_judged_by_the_rules_for_any_domain_alone() -> None:
    results = judge(domain(evaluation=split(1, 1)), source=None, channels=1)
    assert set(results) == {
        "two classes",
        "filled splits",
        "known labels",
        "grey or colour",
        "counted in full",
        "class sizes",
        "balance",
    }
    assert not any(results.values())


@pytest.mark.parametrize(
    ("judged", "rule", "found"),
    [
        (domain(evaluation=split()), "filled splits", "none"),
        (domain(split(50, 50, 3)), "known labels", "unknown labels 2 (3 examples)"),
        (domain(split(50, 50, channels=2)), "grey or colour", "2 in 100 examples"),
        (domain(evaluation=split(100, 0)), "class sizes", "0 of class 'one'"),
        (domain(split(50, 9)), "enough shots", "9 of class 'one'"),
    ],
)
def test_what_breaks_a_rule_stops_the_run(judged: DomainDescription, rule: str, found: str) -> None:
    broken, finding = only(judge(judged))
    assert broken == rule
    assert found in finding.found
    assert finding.stops_the_run


def test_a_single_class_is_too_few() -> None:
    single = DomainDescription("here", ("zero",), {"train": split(9), "eval": split(9)})
    assert only(judge(single, source=None)) == (
        "two classes",
        Finding(None, "label", "two or more classes", "zero", "Add the other classes."),
    )


def test_a_missing_split_is_named() -> None:
    half = DomainDescription("here", NAMES, {"train": split(9, 9)})
    rule, finding = only(judge(half, source=None))
    assert (rule, finding.split) == ("filled splits", "eval")


@pytest.mark.parametrize(
    ("judged", "asked", "rule", "message"),
    [
        (
            domain(evaluation=split(40, 59)),
            {},
            "enough evidence",
            "eval split: expected at least 100 examples (gate.min_eval_examples), found 99",
        ),
        (
            domain(split(50, 50, channels=3)),
            {"channels": 1},
            "seen colours",
            "network.channels: expected 3 for colour images, found 1, and colour in target.",
        ),
        (
            domain(split(50, 5, is_counted=False)),
            {},
            "counted in full",
            "train split, label: expected the count of each class, found that of the first 55",
        ),
    ],
)
def test_what_is_only_worth_knowing_does_not_stop_the_run(
    judged: DomainDescription, asked: dict[str, Any], rule: str, message: str
) -> None:
    broken, finding = only(judge(judged, **asked))
    assert broken == rule
    assert str(finding).startswith(message)
    assert not finding.stops_the_run


def test_a_split_that_was_counted_in_part_satisfies_no_rule_about_its_size() -> None:
    partly = split(50, 5, is_counted=False)
    results = judge(domain(partly, partly), validation=ValidationSettings(max_label_skew=0.1))
    assert "enough shots" not in results
    assert "enough evidence" not in results
    assert results["label skew"] == []


def test_class_sizes_are_compared_with_the_setting() -> None:
    rule, finding = only(
        judge(domain(split(50, 49)), validation=ValidationSettings(min_examples_per_class=50))
    )
    assert rule == "class sizes"
    assert finding.expected == "at least 50 examples of each class"
    assert "validation.min_examples_per_class" in finding.fix


def test_label_skew_is_a_finding_only_beyond_what_is_allowed() -> None:
    judged = domain(split(80, 20))
    assert "label skew" not in judge(judged, validation=ValidationSettings(max_label_skew=None))
    assert not judge(judged, validation=ValidationSettings(max_label_skew=0.31))["label skew"]
    rule, finding = only(judge(judged, validation=ValidationSettings(max_label_skew=0.29)))
    assert (rule, finding.split, finding.found) == ("label skew", "train", "0.300")
    assert finding.stops_the_run


def test_label_skew_is_measured_by_name_on_the_classes_that_both_have() -> None:
    skewed: dict[str, Any] = {"validation": ValidationSettings(max_label_skew=0.1)}
    turned = domain(split(20, 80), split(50, 50), names=("one", "zero"))
    assert only(judge(turned, **skewed))[1].found == "0.300"
    more = domain(split(50, 900, 50), split(50, 900, 50), names=("zero", "two", "one"))
    assert judge(more, **skewed)["label skew"] == []
    assert "label skew" not in judge(domain(names=("two", "three")), **skewed)


def test_a_class_may_be_mapped_only_to_one_that_the_source_has() -> None:
    assert judge(domain(), class_map={"0": "zero"})["mapped classes"] == []
    rule, finding = only(judge(domain(), class_map={"0": "zerro"}))
    assert (rule, finding.feature) == ("mapped classes", "target.class_map")
    assert finding.found == "'zerro' for the target's '0'; did you mean 'zero'?"
    assert finding.stops_the_run


def test_other_classes_than_the_sources_break_no_rule() -> None:
    assert not any(judge(domain(names=("two", "three"))).values())
