"""Looks for copies among the images of a folder that a check has read."""

from __future__ import annotations

from typing import NamedTuple

from modules.core.finding import Finding
from modules.core.wording import count
from modules.domains.dataset_summary import DatasetSummary
from modules.domains.duplicates.across import (
    SignedDomain,
    check_shared_images,
    find_shared_images,
)
from modules.domains.duplicates.copies import group_copies
from modules.domains.duplicates.judgement import judge_duplicates
from modules.domains.duplicates.search import find_pairs
from modules.domains.duplicates.signatures import Signatures
from modules.settings import ValidationSettings


class Preview(NamedTuple):
    """What was found, and in words where that is nothing."""

    findings: list[Finding]
    if_none: str


def preview_duplicates(summary: DatasetSummary, settings: ValidationSettings) -> Preview:
    """Looks for images that the splits or classes of a domain share.

    Raises:
        DataErrors: There are some, and they stop a run.
    """
    signed = _signed(summary)
    parts = [*signed.splits.values()]
    signatures = Signatures.concatenate(parts)
    splits = [split for split, part in signed.splits.items() for _ in range(len(part))]
    groups = group_copies(signatures, find_pairs(signatures), splits, [signed.class_names])
    judgement = judge_duplicates(summary.place, groups, len(signatures), settings)
    words = f"no image is in both splits or in two classes ({_extent(len(signatures), summary)})"
    return Preview(list(judgement.findings), words)


def preview_shared_images(
    source: DatasetSummary, target: DatasetSummary, settings: ValidationSettings
) -> Preview:
    """Looks for images that the target shares with the source."""
    shared = find_shared_images(_signed(source), _signed(target))
    none = (
        shared.notes[0].rstrip(".") if shared.notes else "no image of the target is in the source"
    )
    words = f"{none} ({_extent(shared.images, source, target)})"
    return Preview(check_shared_images(shared, settings), words)


def _signed(summary: DatasetSummary) -> SignedDomain:
    splits = {
        name: split.signatures
        for name, split in summary.splits.items()
        if split.signatures is not None
    }
    return SignedDomain(splits, summary.class_names)


def _extent(images: int, *summaries: DatasetSummary) -> str:
    compared = f"{count(images, 'image')} compared"
    if all(split.is_read for summary in summaries for split in summary.splits.values()):
        return compared
    return f"{compared}; the run compares all, and so does --all"
