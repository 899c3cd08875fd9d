"""Draws an eval split from labelled images that have none."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from modules.sources.base import EvalDraw


def draw_eval_units(units: Iterable[tuple[str, str]], draw: EvalDraw) -> set[str]:
    """Chooses which units go to the eval split, each as a whole.

    A hash of the unit's name and the seed decides, whatever other units there are. So a unit keeps
    its side when others are added. Only in a class that would have no unit on one side, one is
    moved there, until another one takes its place.

    Args:
        units: Each unit's name with the class of one of its images. A unit is an image, or a group
            of images, which may have several classes.
        draw: Share and seed.

    Returns:
        Names of the units in the eval split. A class of two or more units is on both sides, unless
        groups of several classes do not permit it.

    Example:
        >>> sorted(draw_eval_units([("a", "cat"), ("b", "cat"), ("c", "cat")], EvalDraw()))
        ['b']
    """
    by_class: dict[str, set[str]] = defaultdict(set)
    for unit, class_name in units:
        by_class[class_name].add(unit)
    ranks = {unit: _rank(unit, draw.seed) for of_class in by_class.values() for unit in of_class}
    drawn = {unit for unit, rank in ranks.items() if rank < draw.share}
    for class_name in sorted(by_class):
        ordered = sorted(by_class[class_name], key=lambda unit: (ranks[unit], unit))
        if len(ordered) < 2:
            drawn.discard(ordered[0])  # Nothing to learn from is worse than nothing to judge by.
        elif not drawn.intersection(ordered):
            drawn.add(ordered[0])
        elif drawn.issuperset(ordered):
            drawn.discard(ordered[-1])
    return drawn


def _rank(unit: str, seed: int) -> float:
    """Maps a name to a number from 0 to 1, evenly."""
    digest = hashlib.sha256(f"eval\0{seed}\0{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
