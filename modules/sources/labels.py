"""Checks of integer labels, and the class names that they imply."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

from modules.core.errors import DataError
from modules.core.example_features import TRAIN_SPLIT


def check_labels(
    labels: Mapping[str, Collection[int]],
    classes: Sequence[str] | None,
    place: Callable[[str, int], tuple[str, int | None]],
) -> None:
    """Checks the labels of all splits against the class names, or against each other.

    Without class names the train split must use each label from 0 to its highest one, and no other
    split may go beyond: a gap is more often a damaged label than a class without examples.

    Args:
        labels: The distinct labels of each split.
        classes: Class names in label order; None where the labels themselves define the classes.
        place: Says where a split has a label: the path, and the byte where one is known.

    Raises:
        DataError: For the first label that breaks the rule.
    """
    if classes is not None:
        limit = len(classes)
        expected = f"labels from 0 to {limit - 1}, one for each class name"
    else:
        train = labels[TRAIN_SPLIT]
        limit = next(number for number in itertools.count() if number not in train)
        expected = (
            f"labels without a gap (0 to {limit - 1} are used in the train split)"
            if limit
            else "labels that begin at 0"
        )
    for split, found in labels.items():
        outside = [label for label in found if not 0 <= label < limit]
        if outside:
            path, offset = place(split, min(outside))
            raise DataError(
                path,
                expected=expected,
                found=f"label {min(outside)}",
                fix="Correct the file, or list all `classes` of this domain.",
                offset=offset,
            )


def implied_class_names(train_labels: Collection[int]) -> tuple[str, ...]:
    """Names classes by their number: "0" up to the highest label."""
    return tuple(str(label) for label in range(max(train_labels) + 1))


def natural_order(names: Collection[str]) -> list[str]:
    """Sorts by value where all names are whole numbers, else as text.

    Example:
        >>> natural_order(["10", "9"])
        ['9', '10']
        >>> natural_order(["10", "9", "a"])
        ['10', '9', 'a']
    """
    if all(name.isascii() and name.isdigit() for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)
