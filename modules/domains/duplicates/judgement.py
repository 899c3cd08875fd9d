"""Judges the copies in a domain: what stops a run, what is dropped, what is only said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modules.core.errors import DataErrors
from modules.core.example_features import EVAL_SPLIT, IMAGE, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.wording import count
from modules.domains.duplicates.copies import CopyGroup
from modules.settings import ValidationSettings

MOST_NAMED = 20
_MOST_IN_A_FINDING = 5
_ADVICE = (
    "Images that a model was trained on prove nothing, and an image cannot be of two classes. "
    "Remove all but one of each. Or leave the train split's copies out with "
    "validation.duplicates=drop, or go on with validation.duplicates=warn."
)


@dataclass(frozen=True)
class DuplicateReport:
    """What a search for copies found in one domain.

    Attributes:
        images: How many images were compared.
        leaked: Eval images that the train split has, too.
        contradictory: Groups of copies with more than one class.
        repeated: Images that repeat another one of their split and class.
        dropped: Train images that were left out.
        named: Some of the leaked and contradictory ones, a sentence each.
    """

    images: int
    leaked: int = 0
    contradictory: int = 0
    repeated: int = 0
    dropped: int = 0
    named: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """Says what is no fault, a sentence each."""
        if not self.repeated:
            return []
        others = "repeats another one" if self.repeated == 1 else "repeat others"
        return [f"{count(self.repeated, 'image')} {others} of the same split and class."]


@dataclass(frozen=True)
class DuplicateJudgement:
    """What becomes of the copies in a domain.

    Attributes:
        findings: Warnings.
        dropped_rows: Rows of the train images to leave out.
    """

    report: DuplicateReport
    findings: Sequence[Finding] = ()
    dropped_rows: Sequence[int] = ()

    def as_json(self) -> dict[str, Any]:
        """Returns what `ingestion.json` keeps."""
        return {**self.report.__dict__, "named": list(self.report.named)}


def judge_duplicates(
    place: str, groups: Sequence[CopyGroup], images: int, settings: ValidationSettings
) -> DuplicateJudgement:
    """Decides what becomes of the copies in a domain.

    Args:
        place: Folder of the domain.
        groups: The copies.
        images: How many images were compared.
        settings: Says whether copies stop the run or are dropped.

    Raises:
        DataErrors: Copies stop the run: train and eval split share images, or an image has two
            classes. The message names 20.
    """
    at_fault = [group for group in groups if group.crosses_splits or not group.has_one_class]
    sentences = [sentence for group in at_fault for sentence in group.sentences()]
    if sentences and settings.duplicates == "stop":
        raise DataErrors(place, [f"{sentence}." for sentence in sentences], _ADVICE)
    dropped = (
        [copy.row for group in at_fault for copy in group.of_split(TRAIN_SPLIT)]
        if settings.duplicates == "drop"
        else []
    )
    report = DuplicateReport(
        images,
        leaked=sum(len(group.of_split(EVAL_SPLIT)) for group in groups if group.crosses_splits),
        contradictory=sum(not group.has_one_class for group in groups),
        repeated=sum(_repeats(group) for group in groups),
        dropped=len(dropped),
        named=tuple(sentences[:MOST_NAMED]),
    )
    return DuplicateJudgement(report, _findings(report, sentences), dropped)


def _repeats(group: CopyGroup) -> int:
    return len(group.copies) - len({(copy.split, copy.class_name) for copy in group.copies})


def _findings(report: DuplicateReport, sentences: Sequence[str]) -> list[Finding]:
    if not sentences:
        return []
    more = len(sentences) - _MOST_IN_A_FINDING
    named = "; ".join(sentences[:_MOST_IN_A_FINDING]) + (f"; and {more:,} more" if more > 0 else "")
    fate = (
        f"{count(report.dropped, 'train image')} left out of the train split"
        if report.dropped
        else "nothing was left out"
    )
    return [
        Finding(
            None,
            IMAGE,
            expected="no image in both splits or in two classes",
            found=f"{count(report.leaked, 'eval image')} that the train split has, too, and "
            f"{count(report.contradictory, 'image')} of two classes ({fate}): {named}",
            fix="Remove all but one of each.",
            stops_the_run=False,
        )
    ]
