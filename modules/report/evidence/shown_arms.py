"""Which arms an evaluation compares, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.core.arms import ALL_ARMS, PRETRAINED, PROBE, SCRATCH, SERVED, WARM_START
from modules.core.wording import ARM_NAMES, PRETRAINED_KINDS

_MEANINGS = {
    PRETRAINED: "trained on the source alone",
    SCRATCH: "trained on the target's labels alone",
    WARM_START: "pretrained, then carried over to the target",
}
_IMPORTED_MEANING = "the model as it was given"
_PROBE_MEANING = "the pretrained features as they are, with new outputs"


def shown_arms(evaluation: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the arms that were evaluated, in the order of `modules.core.arms.ALL_ARMS`."""
    return tuple(arm for arm in ALL_ARMS if arm in evaluation["arms"])


def is_probe(evaluation: Mapping[str, Any]) -> bool:
    """Whether the pretrained model got new outputs, because the target has classes of its own."""
    return evaluation["arms"][PRETRAINED].get("kind") == PROBE


def arm_title(evaluation: Mapping[str, Any], arm: str) -> str:
    """Names an arm, and the pretrained one's kind where it is not simply the model itself."""
    if arm == PRETRAINED and is_probe(evaluation):
        return f"{ARM_NAMES[arm]} ({PRETRAINED_KINDS[PROBE]})"
    return ARM_NAMES[arm]


def arm_meaning(evaluation: Mapping[str, Any], arm: str) -> str:
    """Says in a few words where an arm comes from."""
    if arm == PRETRAINED and is_probe(evaluation):
        return _PROBE_MEANING
    if arm == PRETRAINED and evaluation["source"]["name"] is None:
        return _IMPORTED_MEANING
    if arm == SERVED:
        return f"version {evaluation['arms'][arm]['version']}, which an earlier run pushed"
    return _MEANINGS[arm]
