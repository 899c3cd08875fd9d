"""Judges the images of a domain that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

from modules.core.errors import DataErrors
from modules.core.example_features import IMAGE
from modules.core.finding import Finding
from modules.core.wording import count, percent
from modules.settings import ValidationSettings

_MOST_NAMED = 5


def judge_bad_images(
    place: str, refused: Sequence[str], images: int, settings: ValidationSettings
) -> list[Finding]:
    """Decides whether a domain can do without the images that cannot be used.

    Args:
        place: Folder of the domain.
        refused: What is wrong with each bad image.
        images: How many images there are, good and bad.
        settings: Says whether bad images stop the run, and from which share on.

    Returns:
        A warning that names some of them; nothing if there are none.

    Raises:
        DataErrors: Bad images stop the run, or there are too many of them.
    """
    if not refused:
        return []
    if settings.bad_images == "stop":
        advice = "Or leave such files out: validation.bad_images=skip."
        raise DataErrors(place, refused, advice)
    share = len(refused) / images
    if share > settings.max_bad_images:
        raise DataErrors(
            place,
            refused,
            f"That is {percent(share, 2)} of the images; validation.max_bad_images allows "
            f"{percent(settings.max_bad_images, 2)}.",
        )
    more = f"; and {len(refused) - _MOST_NAMED:,} more" if len(refused) > _MOST_NAMED else ""
    return [
        Finding(
            None,
            IMAGE,
            expected="images that can be read",
            found=f"{count(len(refused), 'file')} that {'is' if len(refused) == 1 else 'are'} left "
            f"out: {'; '.join(refused[:_MOST_NAMED])}{more}",
            fix="Correct or remove these files.",
            stops_the_run=False,
        )
    ]
