"""The report's colours: figures name them, the style sheet decides them for light and dark."""

from __future__ import annotations

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START

# A figure is drawn in these stand-in colours, which nothing else uses; the `svg` module then
# puts the style sheet's variable in the place of each.
_VARIABLES = (
    "ink",
    "muted",
    "rule",
    "card",
    PRETRAINED,
    SCRATCH,
    WARM_START,
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
ARM_COLOURS = {arm: _STAND_INS[arm] for arm in (PRETRAINED, SCRATCH, WARM_START)}
CLASS_COLOURS = tuple(_STAND_INS[f"class-{number}"] for number in range(10))

CSS_VARIABLES = {
    stand_in: f"var(--{name.replace('_', '-')})" for name, stand_in in _STAND_INS.items()
}
