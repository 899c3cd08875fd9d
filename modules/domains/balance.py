"""Warns of classes that are much smaller than others."""

from __future__ import annotations

from modules.core.example_features import LABEL, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.description import DomainDescription

IMBALANCE = 20  # how many times as large as the smallest class the largest may be
_FIX = (
    "Add images of the small classes, or leave out some of the large ones. If the imbalance is "
    "real, judge by the accuracy of each class: the overall one hides small classes."
)


def find_imbalance(domain: DomainDescription) -> list[Finding]:
    """Compares the smallest and the largest class of the train split, leaving empty ones aside."""
    counts = domain.class_counts.get(TRAIN_SPLIT, [])
    sizes = [(size, name) for size, name in zip(counts, domain.class_names, strict=False) if size]
    if not sizes:
        return []
    (smallest, small), (largest, large) = min(sizes), max(sizes)
    if largest < IMBALANCE * smallest:
        return []
    return [
        Finding(
            TRAIN_SPLIT,
            LABEL,
            expected=f"classes that differ less than {IMBALANCE}-fold in size",
            found=f"{smallest:,} of class '{small}' and {largest:,} of class '{large}'",
            fix=_FIX,
            stops_the_run=False,
        )
    ]
