"""Draws the labelled target examples that a few-shot training may use."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from modules.core.errors import DataError
from modules.settings import Shots


def draw_shots(
    labels: np.ndarray,
    example_ids: np.ndarray,
    shots: Shots,
    seed: int,
    class_names: Sequence[str],
    *,
    groups: np.ndarray | None = None,
    source: str = "target train split",
) -> np.ndarray:
    """Draws the same number of examples from each class, from as many groups as possible.

    A second example of a group is drawn once every group of the class has given one. The draw
    depends on seed, labels, groups and ids alone, not on the order of the examples. A draw of
    fewer shots with the same seed is a subset.

    Args:
        labels: int64 [N], indices into the class names.
        example_ids: bytes [N], unique.
        shots: Examples per class, or `all` for every example.
        seed: Chooses the examples.
        class_names: K names in label order.
        groups: bytes [N], the examples' groups; None where each stands for itself.
        source: Where the examples come from, for the error message.

    Returns:
        int64 [shots * K], or [N] for `all`: rows of the drawn examples, ascending by example id.

    Raises:
        DataError: A class has fewer than `shots` examples.

    Example:
        >>> labels, ids = np.array([0, 1, 0]), np.array([b"a", b"b", b"c"])
        >>> rows = draw_shots(labels, ids, shots=1, seed=0, class_names=["no", "yes"])
        >>> labels[rows].tolist().count(0)
        1
    """
    by_id = np.argsort(example_ids, kind="stable")
    if shots == "all":
        return by_id
    drawn = []
    for label, name in enumerate(class_names):
        members = by_id[labels[by_id] == label]
        if len(members) < shots:
            raise DataError(
                source,
                expected=f"{shots} labelled examples of class '{name}' (target.shots)",
                found=f"{len(members)}",
                fix="Lower target.shots, or add examples of that class.",
            )
        priorities = [_priority(example_id, seed) for example_id in example_ids[members]]
        order = np.argsort(priorities)
        if groups is not None:
            order = _by_turns(order, groups[members])
        drawn += [members[place] for place in order[:shots]]
    return by_id[np.isin(by_id, drawn)]


def _by_turns(order: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Reorders places so that each group has its turn before any has its second."""
    turns: Counter[bytes] = Counter()
    taken = []
    for group in groups[order].tolist():
        taken.append(turns[group])
        turns[group] += 1
    return order[np.argsort(taken, kind="stable")]


def _priority(example_id: bytes, seed: int) -> str:
    """Ranks an example by a hash of its id, independent of all other examples."""
    return hashlib.sha256(b"%d\0%s" % (seed, example_id)).hexdigest()
