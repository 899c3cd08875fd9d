"""Checks of a domain's classes by their names and sizes alone; light to import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modules.core.example_features import LABEL
from modules.core.finding import Finding
from modules.core.wording import listed


def check_same_classes(
    class_names: Sequence[str], source_class_names: Sequence[str]
) -> list[Finding]:
    """Compares a target's class names with the source's.

    Args:
        class_names: The target's K names in label order.
        source_class_names: The source's.

    Returns:
        One finding, or none if they are the same in the same order.
    """
    if list(class_names) == list(source_class_names):
        return []
    return [
        Finding(
            None,
            LABEL,
            expected=f"the source's {len(source_class_names)} classes in the same order",
            found=_class_differences(class_names, source_class_names),
            fix="Name the target's classes as the source's, in the same order.",
        )
    ]


def check_class_sizes(
    split: str, counts: Mapping[int, int], class_names: Sequence[str], needed: int
) -> list[Finding]:
    """Finds the classes of a split that have too few examples.

    Args:
        split: Its name.
        counts: Examples by label; a label that is left out has none.
        class_names: K names in label order.
        needed: Examples that each class needs.

    Returns:
        One finding that names them, or none.
    """
    small = small_classes(counts, class_names, needed)
    if not small:
        return []
    return [
        Finding(
            split,
            LABEL,
            expected=f"at least {needed} examples of each class",
            found=listed(small),
            fix="Add examples of these classes, or lower validation.min_examples_per_class."
            if needed > 1
            else "Add examples of these classes.",
        )
    ]


def small_classes(counts: Mapping[int, int], class_names: Sequence[str], needed: int) -> list[str]:
    """Describes each class with too few examples; arguments as for `check_class_sizes`."""
    return [
        f"{counts.get(label, 0)} of class '{name}'"
        for label, name in enumerate(class_names)
        if counts.get(label, 0) < needed
    ]


def _class_differences(names: Sequence[str], source_names: Sequence[str]) -> str:
    missing = [name for name in source_names if name not in names]
    extra = [name for name in names if name not in source_names]
    if not missing and not extra:
        return f"another order, {listed([*names])}"
    parts = [f"{len(names)} classes"]
    if missing:
        parts.append(f"without {listed(missing)}")
    if extra:
        parts.append(f"with {listed(extra)} that the source does not have")
    return " ".join(parts)
