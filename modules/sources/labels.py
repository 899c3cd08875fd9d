"""Checks of integer labels, and the class names that they imply."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

from modules.core.errors import DataError
from modules.core.example_features import TRAIN_SPLIT
from modules.core.nearest_name import nearest_name_hint


def check_labels(
    labels: Mapping[str, Collection[int]],
    classes: Sequence[str] | None,
    place: Callable[[str, int], tuple[str, int | None]],
    label_offset: int = 0,
) -> None:
    """Checks the labels of all splits against the class names, or against each other.

    Without class names the train split must use each label from 0 to its highest one, and no other
    split may go beyond: a gap is more often a damaged label than a class without examples.

    Args:
        labels: The distinct labels of each split.
        classes: Class names in label order; None where the labels themselves define the classes.
        place: Says where a split has a label: the path, and the byte where one is known.
        label_offset: Subtracted from the labels of the data.

    Raises:
        DataError: For the first label that breaks the rule.
    """
    if classes is not None:
        limit = len(classes)
    else:
        train = labels[TRAIN_SPLIT]
        limit = next(number for number in itertools.count() if number not in train)
    first, last = label_offset, limit - 1 + label_offset
    if classes is not None:
        expected = f"labels from {first} to {last}, one for each class name"
    else:
        expected = (
            f"labels without a gap ({first} to {last} are used in the train split)"
            if limit
            else f"labels that begin at {first}"
        )
    for split, found in labels.items():
        outside = [label for label in found if not 0 <= label < limit]
        if outside:
            path, offset = place(split, min(outside))
            raise DataError(
                path,
                expected=expected,
                found=f"label {min(outside) + label_offset}",
                fix=_fix(min(labels[TRAIN_SPLIT], default=0), label_offset),
                offset=offset,
            )


def _fix(lowest: int, label_offset: int) -> str:
    if label_offset == 0 < lowest:
        return f"If the labels start at {lowest}, set this domain's `label_offset` to {lowest}."
    return "Correct the file, or list all `classes` of this domain."


def implied_class_names(train_labels: Collection[int], label_offset: int = 0) -> tuple[str, ...]:
    """Names classes by their number in the data: "0", or the offset, up to the highest label."""
    return tuple(str(label + label_offset) for label in range(max(train_labels) + 1))


def rename_classes(
    names: Sequence[str], class_map: Mapping[str, str], folder: str
) -> tuple[str, ...]:
    """Gives classes the names that the source has for them.

    Args:
        names: Class names of the data, in label order.
        class_map: New names by the data's names.
        folder: Where the data are, for the error message.

    Returns:
        The names, in the same order.

    Raises:
        DataError: The data have no such class, or two classes would get the same name.

    Example:
        >>> rename_classes(["letter_A", "letter_B"], {"letter_A": "A"}, "letters")
        ('A', 'letter_B')
    """
    for name in class_map:
        if name not in names:
            raise DataError(
                folder,
                expected="the classes that `class_map` names",
                found=f"no class '{name}'{nearest_name_hint(name, names)}",
                fix="Name the classes there as the data do.",
            )
    renamed = tuple(class_map.get(name, name) for name in names)
    repeated = [name for name in renamed if renamed.count(name) > 1]
    if repeated:
        raise DataError(
            folder,
            expected="another name for each class",
            found=f"two classes '{repeated[0]}', by `class_map`",
            fix="Map each of them to another class.",
        )
    return renamed


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
