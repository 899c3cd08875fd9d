"""The rules that domains must keep, for `warmstart init`, `warmstart check` and DomainValidator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from modules.core.example_features import CHANNEL_CHOICES, CHANNELS, EVAL_SPLIT, LABEL, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.nearest_name import nearest_name_hint
from modules.core.wording import count, listed
from modules.domains.balance import find_imbalance
from modules.domains.description import DomainDescription
from modules.domains.distribution_distance import label_skew
from modules.domains.label_space import LabelSpace
from modules.settings import GateSettings, Shots, ValidationSettings


@dataclass(frozen=True)
class Case:
    """A domain and what a run asks of it.

    Args:
        domain: What is known of the domain.
        validation: Smallest classes and largest skew.
        source: The source where `domain` is a target; None applies no rule for targets.
        class_map: Source classes by the names that the target's data give them.
        gate: Smallest eval split; None applies no such rule.
        shots: Labelled images of each class that training draws.
        channels: What the network sees, 1 or 3; None applies no such rule.
    """

    domain: DomainDescription
    validation: ValidationSettings
    source: DomainDescription | None = None
    class_map: Mapping[str, str] = field(default_factory=dict)
    gate: GateSettings | None = None
    shots: Shots = "all"
    channels: int | None = None


Rule = Callable[[Case], list[Finding] | None]
"""Gives what breaks it; None where too little is known or nothing is asked."""


def apply_rules(rules: Mapping[str, Rule], case: Case) -> dict[str, list[Finding]]:
    """Judges a domain by `RULES`, or some of them.

    Returns:
        Findings by rule, empty where the rule is kept; without rules that could not be applied.
    """
    results = ((name, rule(case)) for name, rule in rules.items())
    return {name: findings for name, findings in results if findings is not None}


def suspect_groups(hints: Sequence[str]) -> list[Finding]:
    """Warns that a target's images seem to belong together, though no groups were given.

    Args:
        hints: What suggests it, as a format's `group_hints` say.
    """
    if not hints:
        return []
    return [
        Finding(
            None,
            "target.group",
            expected="images that are independent of each other, since no group is set",
            found=" and ".join(hints),
            fix="If these are writers, patients, videos or the like, name them in target.group: "
            "else the gate counts each image as new evidence, and proves too much.",
            stops_the_run=False,
        )
    ]


def _two_classes(case: Case) -> list[Finding]:
    names = case.domain.class_names
    if len(names) > 1:
        return []
    fix = "Add the other classes."
    return [Finding(None, LABEL, "two or more classes", listed(names) or "none", fix)]


def _filled_splits(case: Case) -> list[Finding]:
    splits = case.domain.splits
    absent = [name for name in (TRAIN_SPLIT, EVAL_SPLIT) if name not in splits]
    empty = [name for name, split in splits.items() if not split.examples]
    fix = "Put images into this split, or correct the path."
    return [
        *(Finding(name, None, "this split", "none", fix) for name in absent),
        *(Finding(name, None, "examples", "none", fix) for name in empty),
    ]


def _known_labels(case: Case) -> list[Finding]:
    limit = len(case.domain.class_names)
    findings = []
    for name, split in case.domain.splits.items():
        unknown = [label for label in sorted(split.counts) if not 0 <= label < limit]
        shown = [f"{label} ({count(split.counts[label], 'example')})" for label in unknown]
        if unknown:
            findings.append(
                Finding(
                    name,
                    LABEL,
                    expected=f"labels from 0 to {limit - 1}",
                    found=f"unknown labels {listed(shown)}",
                    fix="Correct these labels, or leave their examples out.",
                )
            )
    return findings


def _grey_or_colour(case: Case) -> list[Finding]:
    return [
        Finding(
            name,
            CHANNELS,
            expected="1 (grey) or 3 (colour)",
            found=f"{channels} in {count(examples, 'example')}",
            fix="Convert these images to grey or RGB.",
        )
        for name, split in case.domain.splits.items()
        for channels, examples in sorted(split.channels.items())
        if channels not in CHANNEL_CHOICES
    ]


def _counted_in_full(case: Case) -> list[Finding]:
    return [
        Finding(
            name,
            LABEL,
            expected="the count of each class",
            found=f"that of the first {split.examples:,} examples",
            fix="The run counts all of them, and so does --all.",
            stops_the_run=False,
        )
        for name, split in case.domain.splits.items()
        if split.counts and not split.is_counted
    ]


def _class_sizes(case: Case) -> list[Finding]:
    needed = case.validation.min_examples_per_class
    fix = "Add examples of these classes"
    fix += ", or lower validation.min_examples_per_class." if needed > 1 else "."
    return [
        Finding(split, LABEL, f"at least {count(needed, 'example')} of each class", small, fix)
        for split in case.domain.class_counts
        if (small := _small_classes(case, split, needed))
    ]


def _balance(case: Case) -> list[Finding]:
    return find_imbalance(case.domain)


def _mapped_classes(case: Case) -> list[Finding] | None:
    if case.source is None:
        return None
    known = case.source.class_names
    return [
        Finding(
            None,
            "target.class_map",
            expected="names of the source's classes",
            found=f"'{ours}' for the target's '{theirs}'{nearest_name_hint(ours, known)}",
            fix="Correct it, or leave the class out: then it is a new one.",
        )
        for theirs, ours in case.class_map.items()
        if ours not in known
    ]


def _label_skew(case: Case) -> list[Finding] | None:
    allowed = case.validation.max_label_skew
    if allowed is None or case.source is None:
        return None
    shared = LabelSpace.of(case.source.class_names, case.domain.class_names).shared
    if not shared:
        return None
    skews = label_skew(case.source.counts_of(shared), case.domain.counts_of(shared))
    return [
        Finding(
            split,
            LABEL,
            expected=f"a label skew against the source of at most {allowed:g} (L-infinity)",
            found=f"{skew.l_infinity:.3f}",
            fix="Balance the target's classes as the source's, or raise validation.max_label_skew.",
        )
        for split, skew in skews.items()
        if skew.l_infinity > allowed
    ]


def _enough_shots(case: Case) -> list[Finding] | None:
    if case.source is None or case.shots == "all" or TRAIN_SPLIT not in case.domain.class_counts:
        return None
    small = _small_classes(case, TRAIN_SPLIT, case.shots)
    expected = f"{case.shots} labelled examples of each class (target.shots)"
    fix = "Lower target.shots, or add examples of these classes."
    return [Finding(TRAIN_SPLIT, LABEL, expected, small, fix)] if small else []


def _enough_evidence(case: Case) -> list[Finding] | None:
    if case.source is None or case.gate is None or EVAL_SPLIT not in case.domain.class_counts:
        return None
    examples = case.domain.splits[EVAL_SPLIT].examples
    if examples >= case.gate.min_eval_examples:
        return []
    return [
        Finding(
            EVAL_SPLIT,
            None,
            expected=f"at least {case.gate.min_eval_examples} examples (gate.min_eval_examples)",
            found=f"{examples}: the run will work, but it will not bless the model",
            fix="Add eval images, or lower gate.min_eval_examples, which proves less.",
            stops_the_run=False,
        )
    ]


def _seen_colours(case: Case) -> list[Finding] | None:
    if case.source is None or case.channels != 1:
        return None
    domains = [case.source, case.domain]
    if not all(TRAIN_SPLIT in domain.splits for domain in domains):
        return None
    coloured = dict.fromkeys(domain.place for domain in domains if domain.has_colour)
    if not coloured:
        return []
    return [
        Finding(
            None,
            "network.channels",
            expected="3 for colour images",
            found=f"1, and colour in {' and '.join(coloured)}",
            fix="The run turns colours into grey; set network.channels=3 if they matter.",
            stops_the_run=False,
        )
    ]


def _small_classes(case: Case, split: str, needed: int) -> str:
    pairs = zip(case.domain.class_names, case.domain.class_counts[split], strict=True)
    return listed([f"{size} of class '{name}'" for name, size in pairs if size < needed])


DOMAIN_RULES: Mapping[str, Rule] = {
    "two classes": _two_classes,
    "filled splits": _filled_splits,
    "known labels": _known_labels,
    "grey or colour": _grey_or_colour,
    "counted in full": _counted_in_full,
    "class sizes": _class_sizes,
    "balance": _balance,
}
TARGET_RULES: Mapping[str, Rule] = {
    "mapped classes": _mapped_classes,
    "label skew": _label_skew,
    "enough shots": _enough_shots,
    "enough evidence": _enough_evidence,
    "seen colours": _seen_colours,
}
RULES: Mapping[str, Rule] = {**DOMAIN_RULES, **TARGET_RULES}
