"""One measured figure, with its spread and its target."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Wanted:
    """A target for a figure: a bound in the figure's unit."""

    sign: Literal["≥", "≤"]
    value: float

    def __str__(self) -> str:
        return f"{self.sign} {self.value:,g}"

    def is_met(self, measured: float) -> bool:
        """Tells whether a measured value meets the target."""
        return measured >= self.value if self.sign == "≥" else measured <= self.value


@dataclass(frozen=True)
class Figure:
    """Repeats of one measurement.

    Attributes:
        values: One value for each repeat.
        unit: `times` for a ratio of two sides of one run.
    """

    name: str
    values: Sequence[float]
    unit: str
    wanted: Wanted | None = None

    @property
    def median(self) -> float:
        """Median of the repeats."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """`yes` or `no`; empty without a target."""
        if self.wanted is None:
            return ""
        return "yes" if self.wanted.is_met(self.median) else "no"

    def as_json(self) -> dict[str, Any]:
        """Returns the figure's entry in results.json."""
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
    return Wanted("≥", value)


def at_most(value: float) -> Wanted:
    """An upper bound."""
    return Wanted("≤", value)


def ratio(
    name: str, ours: Sequence[float], theirs: Sequence[float], wanted: Wanted | None = None
) -> Figure:
    """Divides two sides repeat by repeat, so that a slowdown of both cancels out."""
    values = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Figure(name, values, "times", wanted)
