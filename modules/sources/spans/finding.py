"""Finds the spans that have arrived, and those to train on."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from modules.core.errors import DataError
from modules.core.wording import listed
from modules.sources.files import fingerprint_folder, is_folder, list_folder
from modules.sources.spans.pattern import SpanPattern, span_number

_LATEST, _ALL, _LAST = "latest", "all", "last:"


class Span(NamedTuple):
    """One batch of data.

    Attributes:
        number: As the path says, or days since 1970-01-01.
        name: Its folder below the pattern's base, which begins the ids of its examples.
        folder: Its folder.
    """

    number: int
    name: str
    folder: str

    @property
    def fingerprint(self) -> str:
        """Hash of the names, sizes and times of its files."""
        return fingerprint_folder(self.folder)


@dataclass(frozen=True)
class FoundSpans:
    """The spans of a domain.

    Attributes:
        spans: At least one, by number.
        others: Names of folders beside them that are no spans.
    """

    spans: Sequence[Span]
    others: Sequence[str] = ()

    @property
    def newest(self) -> Span:
        """The span of the highest number."""
        return self.spans[-1]

    @property
    def gaps(self) -> list[str]:
        """Numbers between the first and the newest that have no folder, such as `3` or `3 to 5`."""
        numbers = [span.number for span in self.spans]
        return [
            str(before + 1) if after - before == 2 else f"{before + 1} to {after - 1}"
            for before, after in itertools.pairwise(numbers)
            if after - before > 1
        ]

    def chosen(self, choice: str) -> list[Span]:
        """Returns the spans to train on.

        Args:
            choice: `latest`, `all`, or `last:N` for the N newest, of which there may be fewer.

        Example:
            >>> found = FoundSpans([Span(n, f"span-{n}", f"data/span-{n}") for n in (1, 2, 4)])
            >>> [span.number for span in found.chosen("last:2")]
            [2, 4]
        """
        if choice == _ALL:
            return list(self.spans)
        number = 1 if choice == _LATEST else int(choice.removeprefix(_LAST))
        return list(self.spans[-number:])

    @property
    def fingerprint(self) -> str:
        """Hash of which spans there are, and of the names, sizes and times of their files."""
        lines = [f"{span.number} {span.name!a} {span.fingerprint}" for span in self.spans]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def find_spans(pattern: SpanPattern) -> FoundSpans:
    """Lists the folders that a pattern names.

    Other folders are left alone: one that is still being written can have any other name, such as
    `span-7.partial`, until it is complete.

    Raises:
        DataError: There is none, two have the same number, or one names a day that does not exist.
    """
    spans: dict[int, Span] = {}
    others: list[str] = []
    for name, found in _folders(pattern, others):
        folder = os.path.join(pattern.base, name)
        try:
            span = Span(span_number(found), name, folder)
        except ValueError as error:
            raise DataError(
                folder, expected="a date", found=str(error), fix="Rename the folder."
            ) from None
        twin = spans.setdefault(span.number, span)
        if twin != span:
            raise DataError(
                folder,
                expected="one folder for each span",
                found=f"span {span.number} in {twin.name} as well",
                fix="Merge or remove one of them.",
            )
    if not spans:
        raise DataError(
            pattern.base,
            expected=f"a folder for each span, named {pattern.rest}",
            found=listed(others) or "none",
            fix="Rename the folders, or correct the pattern.",
        )
    return FoundSpans([spans[number] for number in sorted(spans)], others)


def _folders(pattern: SpanPattern, others: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yields paths below the base that match, each with the values of the placeholders."""
    level: list[tuple[str, Mapping[str, str]]] = [("", {})]
    for expression in pattern.parts:
        below: list[tuple[str, Mapping[str, str]]] = []
        for path, found in level:
            folder = os.path.join(pattern.base, path) if path else pattern.base
            for name in list_folder(folder):
                if not is_folder(os.path.join(folder, name)):
                    continue
                match = expression.fullmatch(name)
                inner = f"{path}/{name}" if path else name
                if match is None:
                    others.append(inner)
                else:
                    below.append((inner, {**found, **match.groupdict()}))
        level = below
    yield from level
