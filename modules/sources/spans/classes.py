"""The classes of all spans together: a span may lack some of them."""

from __future__ import annotations

from collections.abc import Sequence

from modules.sources.labels import natural_order


def join_class_names(of_spans: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Joins the class names of spans.

    Where each list continues the shorter ones, that order stays, and with it all labels.

    Args:
        of_spans: Class names in label order, of at least one span.

    Returns:
        All names, in label order.

    Example:
        >>> join_class_names([["a", "b"], ["a", "b", "c"]])
        ('a', 'b', 'c')
        >>> join_class_names([["b", "c"], ["a", "c"]])
        ('a', 'b', 'c')
    """
    longest = max(map(tuple, of_spans), key=len)
    if all(longest[: len(names)] == tuple(names) for names in of_spans):
        return longest
    return tuple(natural_order({name for names in of_spans for name in names}))


def new_labels(names: Sequence[str], joined: Sequence[str]) -> list[int] | None:
    """Returns the label among all names for each label of a span; None where none changes."""
    labels = [joined.index(name) for name in names]
    return None if labels == list(range(len(names))) else labels
