"""How far apart the label distributions of two domains are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modules.core.example_features import LABEL
from modules.core.finding import Finding
from modules.domains.distribution_distance import Distance, distribution_distance
from modules.settings import ValidationSettings


def measure_skew(
    source_counts: Mapping[str, Sequence[int]], target_counts: Mapping[str, Sequence[int]]
) -> dict[str, Distance]:
    """Measures the label skew between the splits that both domains have and fill.

    Args:
        source_counts: Examples of each class in the source, by split.
        target_counts: The same for the target.

    Returns:
        The skew by split.
    """
    return {
        split: distribution_distance(source_counts[split], counts)
        for split, counts in target_counts.items()
        if sum(source_counts.get(split, ())) > 0 and sum(counts) > 0
    }


def check_skew(skews: Mapping[str, Distance], settings: ValidationSettings) -> list[Finding]:
    """Compares each split's label skew with the largest allowed, if there is one."""
    allowed = settings.max_label_skew
    if allowed is None:
        return []
    return [
        Finding(
            split,
            LABEL,
            expected=f"a label skew against the source of at most {allowed:g} (L-infinity)",
            found=f"{skew.l_infinity:.3f}",
            fix="Balance the target's classes as the source's, or raise validation.max_label_skew.",
        )
        for split, skew in skews.items()
        if skew.l_infinity > allowed
    ]
