"""Checks whether images occur more than once, among those that were read."""

from __future__ import annotations

from collections.abc import Iterator

from modules.core.errors import DataError
from modules.domains.dataset_summary import DatasetSummary
from modules.domains.duplicates.preview import (
    Preview,
    preview_duplicates,
    preview_shared_images,
)
from modules.settings import ValidationSettings
from pipelines.checking.lines import ERROR, OK, CheckLine, finding_line


def check_copies(
    place: str, summary: DatasetSummary, settings: ValidationSettings
) -> Iterator[CheckLine]:
    """Looks for images that the splits or classes of a domain share."""
    if not summary.is_signed:
        return
    try:
        yield from _preview_lines(place, preview_duplicates(summary, settings))
    except DataError as error:
        yield CheckLine(ERROR, f"{place}: {error}")


def check_copies_across(
    place: str,
    source: DatasetSummary | None,
    target: DatasetSummary,
    settings: ValidationSettings,
) -> Iterator[CheckLine]:
    """Looks for images that the target shares with the source, where there is one."""
    if source is not None and source.is_signed and target.is_signed:
        yield from _preview_lines(place, preview_shared_images(source, target, settings))


def _preview_lines(place: str, preview: Preview) -> Iterator[CheckLine]:
    yield from (finding_line(place, finding) for finding in preview.findings)
    if not preview.findings:
        yield CheckLine(OK, f"{place}: {preview.if_none}")
