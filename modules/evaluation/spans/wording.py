"""Says what a warm start began from, and how it does by span, for terminal and report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.core.arms import WARM_START
from modules.core.wording import count, percent
from modules.settings.transfer import PRETRAINED_START


def describe_start(start: Mapping[str, Any]) -> str:
    """Says what a warm start began from; nothing where that is the pretrained model, as asked.

    Args:
        start: `transfer.start` of result.json.

    Example:
        >>> describe_start({"asked": "served", "used": "served", "version": 7, "reason": ""})
        'The warm start began from version 7, which was served.'
    """
    if start.get("asked", PRETRAINED_START) == PRETRAINED_START:
        return ""
    if start["used"] == PRETRAINED_START:
        return f"The warm start began from the pretrained model: {start['reason']}."
    return f"The warm start began from version {start['version']}, which was served."


def describe_spans(spans: Mapping[str, Any] | None) -> list[str]:
    """Says how the warm start does on the newest span and on all, and what it forgot of the older.

    Args:
        spans: `spans` of evaluation.json or result.json; None where the data do not come in spans.

    Returns:
        Sentences.
    """
    if spans is None:
        return []
    newest, everything = spans["by_span"][0], spans["all"]
    others = "the only span"
    if spans["older"] is not None:
        others = f"all {count(len(everything['spans']), 'span')}: {_accuracy(everything)}"
    sentences = [f"Newest span ({spans['newest']}): {_accuracy(newest)} right; {others}."]
    if spans["forgetting"] is not None:
        sentences.append(_forgotten(spans["older"], spans["forgetting"]))
    return sentences


def _forgotten(older: Mapping[str, Any], forgetting: Mapping[str, Any]) -> str:
    difference = 100 * forgetting["difference"]
    low, high = (100 * bound for bound in forgetting["ci95"])
    which = f"On the older {count(older['examples'], 'eval image')}"
    if difference == 0:
        compared = "as good as what is served"
    else:
        way = "better" if difference > 0 else "worse"
        compared = f"{abs(difference):.1f} points {way} than what is served"
    return f"{which} it is {compared} (95 % interval {low:+.1f} to {high:+.1f})."


def _accuracy(part: Mapping[str, Any]) -> str:
    return percent(part["arms"][WARM_START]["accuracy"]).replace("\N{NO-BREAK SPACE}", " ")
