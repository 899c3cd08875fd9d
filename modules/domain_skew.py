"""How far apart the label distributions of two domains are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modules.examples import LABEL
from modules.finding import Finding
from modules.settings import ValidationSettings


@dataclass(frozen=True)
class LabelSkew:
    """Distances between two label distributions, both within [0, 1].

    Args:
        l_infinity: Largest difference between the shares of one class.
        jensen_shannon: Jensen-Shannon divergence in bits.
    """

    l_infinity: float
    jensen_shannon: float


def label_skew(source_counts: Sequence[int], target_counts: Sequence[int]) -> LabelSkew:
    """Measures the skew between two domains' labels, as TFDV's skew comparators define it.

    Args:
        source_counts: Examples of each of K classes in the source.
        target_counts: The same for the target.

    Returns:
        Both distances.

    Raises:
        ValueError: The lengths differ, a count is negative or a domain has no examples.

    References:
        Lin. Divergence measures based on the Shannon entropy. IEEE Transactions on Information
        Theory 37(1), 1991, section 4.

    Example:
        >>> label_skew([5, 5], [10, 0]).l_infinity
        0.5
    """
    source, target = _shares(source_counts), _shares(target_counts)
    if len(source) != len(target):
        raise ValueError(f"{len(source)} source classes but {len(target)} target classes.")
    middle = (source + target) / 2
    divergence = (_divergence(source, middle) + _divergence(target, middle)) / 2
    return LabelSkew(
        l_infinity=float(np.abs(source - target).max()),
        jensen_shannon=float(np.clip(divergence, 0.0, 1.0)),
    )


def measure_skew(
    source_counts: Mapping[str, Sequence[int]], target_counts: Mapping[str, Sequence[int]]
) -> dict[str, LabelSkew]:
    """Measures the label skew between the splits that both domains have and fill.

    Args:
        source_counts: Examples of each class in the source, by split.
        target_counts: The same for the target.

    Returns:
        The skew by split.
    """
    return {
        split: label_skew(source_counts[split], counts)
        for split, counts in target_counts.items()
        if sum(source_counts.get(split, ())) > 0 and sum(counts) > 0
    }


def check_skew(skews: Mapping[str, LabelSkew], settings: ValidationSettings) -> list[Finding]:
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


def _shares(counts: Sequence[int]) -> npt.NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 1 or (values < 0).any() or values.sum() <= 0:
        raise ValueError(f"Expected counts of one or more examples, found {counts!r}.")
    return values / values.sum()


def _divergence(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence in bits; q is positive wherever p is."""
    present = p > 0
    return float(np.sum(p[present] * np.log2(p[present] / q[present])))
