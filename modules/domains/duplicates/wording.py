"""What the search for copies found, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.core.wording import count


def describe_duplicates(found: Mapping[str, Any]) -> str:
    """Says what `validation.json` keeps of a domain's copies; empty where nothing was searched.

    Example:
        >>> describe_duplicates({"images": 9, "leaked": 0, "contradictory": 0, "dropped": 0})
        'Copies: 9 images compared, none in both splits or in two classes.'
    """
    if not found:
        return ""
    compared = f"Copies: {count(found['images'], 'image')} compared"
    if not found["leaked"] and not found["contradictory"]:
        return f"{compared}, none in both splits or in two classes."
    outcome = (
        f"{count(found['dropped'], 'train image')} left out"
        if found["dropped"]
        else "all of them were used"
    )
    return (
        f"{compared}, {count(found['leaked'], 'eval image')} in the train split, too, and "
        f"{count(found['contradictory'], 'image')} in two classes; {outcome}."
    )


def describe_shared_images(found: Mapping[str, Any] | None) -> str:
    """Says what `validation.json` keeps of the target's images in the source; empty without one.

    Example:
        >>> describe_shared_images({"images": 9, "evaluated": 0, "trained": 0})
        'Copies: no eval image of the target is in what the source trains on.'
    """
    if not found or not found["images"]:
        return ""
    if not found["evaluated"]:
        return "Copies: no eval image of the target is in what the source trains on."
    evaluated = count(found["evaluated"], "eval image")
    return f"Copies: the source trains on {evaluated} of the target; all of them were used."
