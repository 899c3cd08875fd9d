"""How each arm looks in every chart: its colour, its mark and its line are its alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modules.core.arms import ALL_ARMS
from modules.core.wording import ARM_NAMES
from modules.report.drawing.palette import ARM_COLOURS

Dashes = tuple[float, Sequence[float]] | str

_MARKERS = "sDo^"
_DASHES: tuple[Dashes, ...] = ((0, (4, 1.6)), (0, (1, 1.2)), "-", (0, (6, 1.5, 1, 1.5)))


@dataclass(frozen=True)
class ArmStyle:
    """What tells an arm from the others, in print and to colour-blind readers too."""

    name: str
    colour: str
    marker: str
    dashes: Dashes


ARM_STYLES = {
    arm: ArmStyle(ARM_NAMES[arm], ARM_COLOURS[arm], marker, dashes)
    for arm, marker, dashes in zip(ALL_ARMS, _MARKERS, _DASHES, strict=True)
}
