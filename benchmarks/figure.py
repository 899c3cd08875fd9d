"""One measured figure, with its spread and what is wanted of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Wanted:
    """A bound that a figure is held against.

    Attributes:
        direction: Whether more or less is better.
        value: In the figure's unit.
    """

    direction: Literal["at least", "at most"]
    value: float

    def __str__(self) -> str:
        return f"{'≥' if self.direction == 'at least' else '≤'} {self.value:,g}"

    def is_met(self, measured: float) -> bool:
        """Tells whether a measured value is on the right side."""
        return measured >= self.value if self.direction == "at least" else measured <= self.value


@dataclass(frozen=True)
class Figure:
    """Repeats of one measurement.

    Attributes:
        name: What was measured.
        values: One a repeat.
        unit: `times` for a ratio of two sides of one run.
        wanted: The bound, where there is one.
    """

    name: str
    values: Sequence[float]
    unit: str
    wanted: Wanted | None = None

    @property
    def median(self) -> float:
        """The repeats' median."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """`yes` or `no` where something is wanted, else nothing."""
        if self.wanted is None:
            return ""
        return "yes" if self.wanted.is_met(self.median) else "no"

    def as_json(self) -> dict[str, Any]:
        """Gives what results.json holds of it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "wanted": None if self.wanted is None else str(self.wanted),
            "reached": self.verdict or None,
        }


def at_least(value: float) -> Wanted:
    """A lower bound."""
    return Wanted("at least", value)


def at_most(value: float) -> Wanted:
    """An upper bound."""
    return Wanted("at most", value)


def ratio(
    name: str, ours: Sequence[float], theirs: Sequence[float], wanted: Wanted | None = None
) -> Figure:
    """Compares two sides repeat by repeat, so that what slowed both down cancels."""
    values = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Figure(name, values, "times", wanted)
