"""Reads a bounded part of both domains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from modules.domains.dataset_summary import DatasetSummary, ReadingLimits, summarize_dataset
from modules.domains.spans.joined_summary import SummarizedSpan, join_summaries
from pipelines.checking.spans import find_target_spans
from pipelines.config import Config
from pipelines.domain_config import DomainConfig


def summarize_domains(
    config: Config, limits: ReadingLimits
) -> tuple[DatasetSummary | None, DatasetSummary]:
    """Summarizes the source, where there is one, and the target.

    Of a target with spans, images of the newest one are read, and those of the others counted;
    without limits, the images of all are read.

    Raises:
        ConfigError: The target should have spans, and has none.
    """
    source = config.source
    return (
        None if source is None else _summarize(source, source.path, source.classes, limits),
        _summarize_target(config, limits),
    )


def _summarize_target(config: Config, limits: ReadingLimits) -> DatasetSummary:
    target, classes = config.target, config.target_classes
    found = find_target_spans(config)
    if found is None:
        return _summarize(target, target.path, classes, limits, target.class_map)
    trained = found.chosen(target.spans)
    counting = limits if limits.images == math.inf else replace(limits, images=0)
    spans = [
        SummarizedSpan(
            _summarize(target, span.folder, classes, limits if span == found.newest else counting),
            span in trained,
        )
        for span in found.spans
    ]
    return join_summaries(target.path, spans, target.class_map)


def _summarize(
    domain: DomainConfig,
    folder: str,
    classes: tuple[str, ...] | None,
    limits: ReadingLimits,
    class_map: Mapping[str, str] | None = None,
) -> DatasetSummary:
    return summarize_dataset(
        domain.format,
        folder,
        classes,
        limits,
        class_map=class_map,
        label_offset=domain.label_offset,
        draw=domain.eval_draw,
        options=domain.options,
        group=domain.group,
    )
