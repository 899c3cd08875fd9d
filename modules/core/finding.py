"""One finding of a validation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Args:
        split: The split at fault; None for the whole domain.
        feature: The feature at fault; None for whole examples.
        expected: What should have been there.
        found: What was there instead.
        fix: What the user can do about it.
        stops_the_run: False for a mere warning.
    """

    split: str | None
    feature: str | None
    expected: str
    found: str
    fix: str
    stops_the_run: bool = True

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.split and f"{self.split} split", self.feature)))
        return f"{place or 'domain'}: expected {self.expected}, found {self.found}. {self.fix}"
