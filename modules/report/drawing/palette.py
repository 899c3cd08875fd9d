"""The colours, which the style sheet decides for light and dark; figures only name them."""

from __future__ import annotations

import re
from pathlib import Path

from modules.core.arms import ALL_ARMS

_STYLE_SHEET = Path(__file__).parents[1] / "templates" / "report.css"

# A figure is drawn in these stand-in colours, which nothing else uses. The `svg` module then
# replaces each with the style sheet's variable.
_VARIABLES = (
    "ink",
    "muted",
    "rule",
    "card",
    *ALL_ARMS,
    "good",
    "bad",
    "source",
    "target",
    *(f"class-{number}" for number in range(10)),
)
_STAND_INS = {name: f"#0a00{number:02x}" for number, name in enumerate(_VARIABLES)}

INK = _STAND_INS["ink"]
MUTED = _STAND_INS["muted"]
RULE = _STAND_INS["rule"]
CARD = _STAND_INS["card"]
GOOD = _STAND_INS["good"]
BAD = _STAND_INS["bad"]
SOURCE = _STAND_INS["source"]
TARGET = _STAND_INS["target"]
ARM_COLOURS = {arm: _STAND_INS[arm] for arm in ALL_ARMS}
CLASS_COLOURS = tuple(_STAND_INS[f"class-{number}"] for number in range(10))

CSS_VARIABLES = {
    stand_in: f"var(--{name.replace('_', '-')})" for name, stand_in in _STAND_INS.items()
}


def light_colours() -> dict[str, str]:
    """Reads the style sheet's light colours, for figures that are files of their own.

    Returns:
        Colours as `#rrggbb`, by the names of the style sheet's variables.
    """
    light, _, _ = _STYLE_SHEET.read_text(encoding="utf-8").partition("@media")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", light))
