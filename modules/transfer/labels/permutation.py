"""Recognises labels that were permuted: shifted by one, or classes swapped wholesale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from modules.core.wording import count, display_name, listed, percent

# Fixed beforehand, and far from what a hard domain looks like: there a model errs in favour of a
# few classes, which is no permutation.
_LEAST_AGREEMENT = 0.6  # of a class's images, with the class that it is mistaken for
_MOST_RIGHT = 0.2  # of a class's images, with its own label
_FEWEST = 5  # images of a class


@dataclass(frozen=True)
class Permutation:
    """Classes that look as if their labels were exchanged.

    Attributes:
        classes: For each of them, the class that its images look like.
        examples: Images with these labels.
        agreement: Share of them that the model takes for the other class.
    """

    classes: Mapping[str, str]
    examples: int
    agreement: float

    def __str__(self) -> str:
        moved = listed(
            [f"'{display_name(a)}' looks like '{display_name(b)}'" for a, b in self.classes.items()]
        )
        return (
            f"labels that look permuted: what is labelled {moved}, in {percent(self.agreement)} of "
            f"{count(self.examples, 'image')}"
        )


def find_permutation(
    labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], class_names: Sequence[str]
) -> Permutation | None:
    """Compares labels with the answers of a model that learned the classes elsewhere.

    The counts of answers by label are near a permutation matrix if labels were permuted: each of
    some classes is taken for one other of them, by most of its images, and hardly ever for itself.

    Args:
        labels: int64 [N].
        predicted: int64 [N], the model's answers.
        class_names: K names, in label order.

    Returns:
        The classes that changed places; None where none did, or where that cannot be told.

    Example:
        >>> labels = np.repeat([0, 1, 2], 10)
        >>> str(find_permutation(labels, (labels + 1) % 3, ["a", "b", "c"]).classes)
        "{'a': 'b', 'b': 'c', 'c': 'a'}"
    """
    size = len(class_names)
    counts = np.bincount(labels * size + predicted, minlength=size * size).reshape(size, size)
    totals = counts.sum(axis=1)
    _, looks_like = linear_sum_assignment(counts, maximize=True)
    places = np.arange(size)
    is_moved = (
        (looks_like != places)
        & (totals >= _FEWEST)
        & (counts[places, looks_like] >= _LEAST_AGREEMENT * totals)
        & (counts[places, places] <= _MOST_RIGHT * totals)
    )
    moved = set(np.flatnonzero(is_moved).tolist())
    # Exchanged are those that took each other's places; a class that looks like an unmoved one is
    # a hard class.
    while open_ends := {label for label in moved if int(looks_like[label]) not in moved}:
        moved -= open_ends
    if not moved:
        return None
    rows = np.array(sorted(moved))
    return Permutation(
        {class_names[label]: class_names[int(looks_like[label])] for label in rows.tolist()},
        int(totals[rows].sum()),
        float(counts[rows, looks_like[rows]].sum() / totals[rows].sum()),
    )
