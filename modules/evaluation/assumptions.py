"""Says what a verdict takes for granted, for readers who are no statisticians."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.core.wording import count
from modules.evaluation.attempts import FIRST_ATTEMPT


def describe_assumptions(evaluation: Mapping[str, Any]) -> list[str]:
    """Says which examples count as evidence, and how often they have been asked.

    Args:
        evaluation: Content of evaluation.json or result.json.

    Returns:
        Sentences.

    Example:
        >>> for sentence in describe_assumptions(
        ...     {
        ...         "target": {"eval_examples": 180},
        ...         "assumptions": {"independent": False, "groups": 12},
        ...         "attempt": {"number": 3, "level": 0.05 / 6},
        ...     }
        ... ):
        ...     print(sentence)
        Assumed: 12 groups of images are evidence, not each of the 180 images (target.group).
        Attempt 3 on this eval split: tested at level 0.0083, for each try is a chance to be lucky.
    """
    examples = count(evaluation["target"]["eval_examples"], "eval image")
    groups = evaluation["assumptions"]["groups"]
    number, level = (evaluation["attempt"][key] for key in ("number", "level"))
    if groups is None:
        assumed = (
            f"Assumed: {examples} that are independent of each other. If some belong together, "
            "such as those of a writer, patient or video, name them in target.group."
        )
    else:
        assumed = (
            f"Assumed: {count(groups, 'group')} of images are evidence, not each of the "
            f"{examples.replace('eval ', '')} (target.group)."
        )
    if number is None:
        return [assumed, "Attempts on this eval split are not counted here."]
    attempt = f"Attempt {number:,} on this eval split: tested at level {level:.2g}"
    if number > FIRST_ATTEMPT:
        attempt += ", for each try is a chance to be lucky"
    return [assumed, f"{attempt}."]
