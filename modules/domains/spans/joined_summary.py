"""Describes the spans of a domain together, as a run will see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from modules.core.errors import DataError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.domains.dataset_summary import DatasetSummary, SplitSummary
from modules.domains.duplicates.signatures import Signatures
from modules.sources.grouping import refuse_shared_groups
from modules.sources.labels import rename_classes
from modules.sources.spans.classes import join_class_names, new_labels


class SummarizedSpan(NamedTuple):
    """What was found in the folder of a span, and whether its train images are trained on."""

    summary: DatasetSummary
    is_trained: bool


def join_summaries(
    place: str, spans: Sequence[SummarizedSpan], class_map: Mapping[str, str]
) -> DatasetSummary:
    """Joins the train splits of some spans, and the eval splits of all.

    Args:
        place: The pattern of the folders.
        spans: At least one, the newest last; it is described in detail.
        class_map: Other names for classes, as for `modules.sources.labels.rename_classes`.
    """
    summaries = [span.summary for span in spans]
    newest = summaries[-1]
    names = join_class_names([summary.class_names for summary in summaries])
    splits = {}
    for split in (TRAIN_SPLIT, EVAL_SPLIT):
        parts = [
            _among_all(summary, split, new_labels(summary.class_names, names))
            for summary, is_trained in spans
            if split in summary.splits and (is_trained or split != TRAIN_SPLIT)
        ]
        if parts:
            splits[split] = _join(parts)
    problems = [problem for summary in summaries for problem in summary.problems]
    try:
        names = rename_classes(names, class_map, place)
        refuse_shared_groups(place, {name: split.groups for name, split in splits.items()})
    except DataError as error:
        problems.append(str(error))
    return replace(
        newest,
        place=place,
        class_names=names,
        splits=splits,
        problems=tuple(problems),
        bad_images=tuple(text for summary in summaries for text in summary.bad_images),
    )


def _among_all(summary: DatasetSummary, split: str, labels: Sequence[int] | None) -> SplitSummary:
    """Renames what only its own span knows by that name: labels, and groups of one file."""
    found = summary.splits[split]
    groups = {
        f"{summary.place}/{place}" if group == place else group: f"{summary.place}/{place}"
        for group, place in found.groups.items()
    }
    found = replace(found, groups=groups)
    if labels is None:
        return found
    signatures = found.signatures
    if signatures is not None:
        among_all = np.array(labels, np.int64)[signatures.labels]
        signatures = replace(signatures, labels=among_all)
    return replace(
        found,
        counts={labels[label]: images for label, images in found.counts.items()},
        samples={labels[label]: images for label, images in found.samples.items()},
        signatures=signatures,
    )


def _join(parts: Sequence[SplitSummary]) -> SplitSummary:
    counts, channels, shapes = (
        _total([getattr(part, name) for part in parts]) for name in ("counts", "channels", "shapes")
    )
    signed = [part.signatures for part in parts if part.signatures is not None]
    return SplitSummary(
        examples=sum(part.examples for part in parts),
        counts=dict(sorted(counts.items())),
        is_counted=all(part.is_counted for part in parts),
        channels=channels,
        images_read=sum(part.images_read for part in parts),
        shapes=shapes,
        samples=parts[-1].samples,
        groups={group: place for part in parts for group, place in part.groups.items()},
        signatures=Signatures.concatenate(signed) if len(signed) == len(parts) else None,
    )


def _total(counts: Sequence[Mapping]) -> dict:
    total: Counter = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
