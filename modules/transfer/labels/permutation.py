"""Recognises labels that were permuted: shifted by one, or classes swapped wholesale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from modules.core.wording import count, display_name, listed, percent

# Fixed beforehand, and far from what a hard domain looks like: there a model errs in favour of a
# few classes, which is no permutation.
_LEAST_AGREEMENT = 0.6  # of the images, with the classes that theirs are mistaken for
_MOST_RIGHT = 0.2  # of the images, with their own labels
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

    The counts of answers by label are near a permutation matrix if labels were permuted: some
    classes are taken for each other, one for one, by most of their images, and hardly ever for
    themselves.

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
    _, looks_like = linear_sum_assignment(counts, maximize=True)
    moved = [row for cycle in _cycles(looks_like) if _is_exchange(counts, cycle) for row in cycle]
    if not moved:
        return None
    rows, totals = np.array(sorted(moved)), counts.sum(axis=1)
    return Permutation(
        {class_names[label]: class_names[int(looks_like[label])] for label in rows.tolist()},
        int(totals[rows].sum()),
        float(counts[rows, looks_like[rows]].sum() / totals[rows].sum()),
    )


def _cycles(permutation: npt.NDArray[np.int64]) -> Iterator[list[int]]:
    """Splits a permutation, int64 [K], into the groups that change places among themselves."""
    seen: set[int] = set()
    for start in range(len(permutation)):
        cycle = []
        while start not in seen:
            seen.add(start)
            cycle.append(start)
            start = int(permutation[start])
        if len(cycle) > 1:
            yield cycle


def _is_exchange(counts: npt.NDArray[np.int64], cycle: Sequence[int]) -> bool:
    """Whether most images of a cycle's labels look like the next class, and few like their own."""
    rows, others = np.array(cycle), np.roll(cycle, -1)
    total = counts[rows].sum()
    return bool(
        counts[rows].sum(axis=1).min() >= _FEWEST
        and counts[rows, others].sum() >= _LEAST_AGREEMENT * total
        and counts[rows, rows].sum() <= _MOST_RIGHT * total
        # A model that favours one class sees no exchange, whatever the rest adds up to.
        and (counts[rows, others] > counts[rows, rows]).all()
    )
