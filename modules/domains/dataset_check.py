"""What stands in the way of a run, told by a look at the data instead of by a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modules.core.example_features import EVAL_SPLIT, LABEL, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.wording import listed
from modules.domains.class_checks import check_class_sizes, check_same_classes, small_classes
from modules.domains.dataset_summary import DatasetSummary, SplitSummary
from modules.domains.skew import check_skew, measure_skew
from modules.settings import GateSettings, Shots, ValidationSettings


def check_dataset(summary: DatasetSummary, settings: ValidationSettings) -> list[Finding]:
    """Finds what is wrong with one domain whose files are sound.

    Args:
        summary: What was found in its folder.
        settings: How many examples each class needs.

    Returns:
        Findings; what could not be counted is only worth knowing.
    """
    findings: list[Finding] = []
    if len(summary.class_names) < 2:
        findings.append(
            Finding(
                None,
                LABEL,
                expected="two or more classes",
                found=listed(summary.class_names) or "none",
                fix="Add the other classes.",
            )
        )
    for name, split in summary.splits.items():
        small = check_class_sizes(
            name, split.counts, summary.class_names, settings.min_examples_per_class
        )
        findings += small if split.is_counted else [_not_counted(name, split)]
    return findings


def check_pair(
    source: DatasetSummary, target: DatasetSummary, settings: ValidationSettings
) -> list[Finding]:
    """Compares a target's classes and their shares with the source's."""
    if findings := check_same_classes(target.class_names, source.class_names):
        return findings
    return check_skew(measure_skew(_class_counts(source), _class_counts(target)), settings)


def check_shots(target: DatasetSummary, shots: Shots) -> list[Finding]:
    """Looks whether each class of the target has the labelled images that training will draw."""
    train = target.splits[TRAIN_SPLIT]
    if shots == "all" or not train.is_counted:
        return []
    too_few = small_classes(train.counts, target.class_names, shots)
    if not too_few:
        return []
    return [
        Finding(
            TRAIN_SPLIT,
            LABEL,
            expected=f"{shots} labelled examples of each class (target.shots)",
            found=listed(too_few),
            fix="Lower target.shots, or add examples of these classes.",
        )
    ]


def check_evidence(target: DatasetSummary, settings: GateSettings) -> list[Finding]:
    """Warns where the target's eval split is too small for any blessing."""
    split = target.splits[EVAL_SPLIT]
    if not split.is_counted or split.examples >= settings.min_eval_examples:
        return []
    return [
        Finding(
            EVAL_SPLIT,
            None,
            expected=f"at least {settings.min_eval_examples} examples (gate.min_eval_examples)",
            found=f"{split.examples}: the run will work, and the model will not be blessed",
            fix="Add eval images, or lower gate.min_eval_examples and know that less is proven.",
            stops_the_run=False,
        )
    ]


def check_colours(source: DatasetSummary, target: DatasetSummary, channels: int) -> list[Finding]:
    """Warns where a network that sees grey is given colour images."""
    coloured = [
        summary.folder for summary in (source, target) if channels == 1 and has_colour(summary)
    ]
    if not coloured:
        return []
    return [
        Finding(
            None,
            "network.channels",
            expected="3 for colour images",
            found=f"1, and colour in {' and '.join(dict.fromkeys(coloured))}",
            fix="Colours are turned into grey; set network.channels=3 if they matter.",
            stops_the_run=False,
        )
    ]


def has_colour(summary: DatasetSummary) -> bool:
    """Whether most images of the train split have three channels."""
    shapes = summary.splits[TRAIN_SPLIT].shapes
    coloured = sum(count for shape, count in shapes.items() if shape.channels == 3)
    return 2 * coloured > sum(shapes.values())


def _not_counted(name: str, split: SplitSummary) -> Finding:
    return Finding(
        name,
        LABEL,
        expected="the count of each class",
        found=f"that of the first {split.examples:,} examples",
        fix="The run counts all; so does --all.",
        stops_the_run=False,
    )


def _class_counts(summary: DatasetSummary) -> Mapping[str, Sequence[int]]:
    return {
        name: [split.counts.get(label, 0) for label in range(len(summary.class_names))]
        for name, split in summary.splits.items()
        if split.is_counted
    }
