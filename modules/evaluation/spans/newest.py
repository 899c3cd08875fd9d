"""Whether the labels of the newest span fit its images: a delivery may have broken labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modules.core.wording import count
from modules.evaluation.grouped_statistics import accuracy_interval
from modules.evaluation.paired_counts import Groups, Labels, Right
from modules.evaluation.requirements import Requirement

# One of several arms that guess is easily lucky at 95 %.
_CONFIDENCE = 0.99
# A few images may all be hard ones.
_FEWEST_IMAGES = 20


def newest_labels_fit(
    right: Mapping[str, Right], labels: Labels, newest: Right, groups: Groups | None = None
) -> Requirement:
    """Refuses a newest span on which every arm guesses, while one can tell the older ones' images.

    A model that has learnt from broken labels is hardly harmed where a method also learns from the
    source and from unlabelled images: the other comparisons may well pass. But it has learnt
    nothing of the span, and so there is no ground to replace what is served.

    Args:
        right: Which of the N examples each arm got right.
        labels: True classes, int [N].
        newest: Which examples are of the newest span, bool [N]; some are and some are not.
        groups: Number of each example's group, [N]; None where each stands for itself.
    """

    def bounds(own: Right, rows: Right) -> tuple[float, float]:
        return accuracy_interval(own[rows], None if groups is None else groups[rows], _CONFIDENCE)

    guess = np.bincount(labels[newest]).max() / np.count_nonzero(newest)
    best = max(right, key=lambda arm: float(right[arm][newest].mean()))
    found = float(right[best][newest].mean())
    number = int(np.count_nonzero(newest))
    images = f"the newest span's {count(number, 'eval image')}"
    knows = any(bounds(own, newest)[0] > guess for own in right.values())
    told = max(bounds(own, ~newest)[0] for own in right.values())
    if knows or number < _FEWEST_IMAGES or bounds(right[best], newest)[1] >= told:
        return Requirement(True, f"Of {images}, up to {100 * found:.1f} % are answered right.")
    return Requirement(
        False,
        f"Of {images}, every model answers at most {100 * found:.1f} % right, as guessing would; "
        f"of the older ones, one answers at least {100 * told:.1f} % right: look at the newest "
        "span's labels.",
    )
