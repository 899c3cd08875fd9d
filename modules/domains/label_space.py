"""The classes of a source and a target, matched by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from modules.core.wording import listed
from modules.sources.labels import natural_order

Relation = Literal["same", "permuted", "subset", "superset", "overlapping", "disjoint"]

# Relations in which every target class is one of the source's.
KNOWN_CLASSES: frozenset[Relation] = frozenset({"same", "permuted", "subset"})
# Relations in which both domains have the same classes, in whatever order.
EQUAL_CLASSES: frozenset[Relation] = frozenset({"same", "permuted"})
ANY_CLASSES: frozenset[Relation] = KNOWN_CLASSES | {"superset", "overlapping", "disjoint"}


@dataclass(frozen=True)
class LabelSpace:
    """The classes that a warm start trains on: the source's, then the target's new ones.

    New classes are sorted by name. So a training sees the same labels in whatever order the target
    lists its classes; only its exported model answers in the target's order.

    Attributes:
        source: The source's class names, in label order.
        target: The target's class names, in label order.

    Example:
        >>> space = LabelSpace(("a", "b"), ("d", "b", "c"))
        >>> space.classes, space.target_rows.tolist(), space.relation
        (('a', 'b', 'c', 'd'), [3, 1, 2], 'overlapping')
    """

    source: tuple[str, ...]
    target: tuple[str, ...]

    @classmethod
    def of(cls, source: Sequence[str], target: Sequence[str]) -> LabelSpace:
        """Makes it from any sequences of names."""
        return cls(tuple(source), tuple(target))

    @classmethod
    def of_target(cls, target: Sequence[str]) -> LabelSpace:
        """Makes that of a training on the target alone: its classes, sorted by name."""
        return cls.of(natural_order(target), target)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Classes of both, in the source's order."""
        return tuple(name for name in self.source if name in set(self.target))

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """Classes of the source alone, in its order."""
        return tuple(name for name in self.source if name not in set(self.target))

    @cached_property
    def new(self) -> tuple[str, ...]:
        """Classes of the target alone, sorted by name."""
        return tuple(natural_order(set(self.target) - set(self.source)))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All classes, in the order of the trained network's logits."""
        return self.source + self.new

    @cached_property
    def target_rows(self) -> npt.NDArray[np.int64]:
        """Place of each target class, in the target's order, among all classes; int64 [K]."""
        rows = {name: row for row, name in enumerate(self.classes)}
        return np.array([rows[name] for name in self.target], np.int64)

    @property
    def trained_target(self) -> tuple[str, ...]:
        """The target's classes, in the order of the trained network's logits."""
        return tuple(self.classes[row] for row in np.sort(self.target_rows))

    @property
    def relation(self) -> Relation:
        """What the target's classes are to the source's: a `subset` of them, and so on."""
        if self.source == self.target:
            return "same"
        if not self.shared:
            return "disjoint"
        if not self.new:
            return "subset" if self.unused else "permuted"
        return "overlapping" if self.unused else "superset"


def describe_classes(space: LabelSpace) -> str:
    """Says which classes the domains share, and which only one of them has.

    Example:
        >>> describe_classes(LabelSpace(("a", "b"), ("a", "c")))
        'classes: 1 shared; 1 new in the target: c; 1 of the source alone: b'
    """
    if space.relation in EQUAL_CLASSES:
        order = "" if space.relation == "same" else ", in another order"
        return f"both domains have the same {len(space.target)} classes{order}"
    parts = [f"classes: {len(space.shared)} shared"]
    for names, where in ((space.new, "new in the target"), (space.unused, "of the source alone")):
        if names:
            parts.append(f"{len(names)} {where}: {listed(names)}")
    return "; ".join(parts)


def likely_class_map(source: Sequence[str], target: Sequence[str]) -> dict[str, str]:
    """Finds target classes whose names are the source's but for case, space, or a common prefix.

    Returns:
        Source classes by target classes, each at most once.

    Example:
        >>> likely_class_map(["A", "B"], ["letter_a", "letter_b"])
        {'letter_a': 'A', 'letter_b': 'B'}
    """
    new = {_plain(name): name for name in target if name not in source}
    unused = {_plain(name): name for name in source if name not in target}
    same = {name: unused[plain] for plain, name in new.items() if plain in unused}
    if same or not new:
        return same
    first = next(iter(new))
    for ending in unused:
        prefix = first.removesuffix(ending)
        if all(plain.startswith(prefix) and plain[len(prefix) :] in unused for plain in new):
            return {name: unused[plain[len(prefix) :]] for plain, name in new.items()}
    return {}


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).casefold()
