"""Measures how a target differs from its source, in labels and in images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from scipy.stats import chi2_contingency

from modules.core.example_features import TRAIN_SPLIT
from modules.domains.covariate_shift import CovariateShift, measure_covariate_shift
from modules.domains.description import DomainDescription
from modules.domains.distribution_distance import Distance, label_skew
from modules.domains.label_space import LabelSpace
from modules.domains.sample import sample_domains
from modules.examples.input_pipeline import index_examples

Shift = Literal["label", "covariate"]

# With many examples any two domains differ beyond chance: a shift must also be large enough.
_SIGNIFICANCE = 0.01
_SMALLEST_LABEL_SKEW = 0.05  # L-infinity
_SMALLEST_DOMAIN_AUC = 0.6

_MOST_IMAGES = 1000  # of each domain
# Not the pipeline's seed: the distance is a property of the two domains.
_SEED = 0


@dataclass(frozen=True)
class DomainComparison:
    """What was measured between two domains.

    Attributes:
        label_skew: Distance between the label distributions, by split.
        covariate_shift: Distance between the images of the train splits; None if not measured.
        shifts: Which kinds of shift these amount to.
    """

    label_skew: Mapping[str, Distance] = field(default_factory=dict)
    covariate_shift: CovariateShift | None = None
    shifts: Sequence[Shift] = ()


def compare_domains(
    source: DomainDescription, target: DomainDescription, train_files: tuple[str, str] | None
) -> DomainComparison:
    """Measures label and covariate shift of two domains, on the classes that both have.

    Without such a class there is nothing to measure.

    Args:
        source: The source.
        target: The target.
        train_files: Patterns of the files of both train splits, source first; None leaves the
            images alone.

    Raises:
        DataError: The examples cannot be read.
        tf.errors.InvalidArgumentError: An image cannot be decoded.
    """
    space = LabelSpace.of(source.class_names, target.class_names)
    if not space.shared:
        return DomainComparison()
    source_counts, target_counts = (each.counts_of(space.shared) for each in (source, target))
    skews = label_skew(source_counts, target_counts)
    covariate = None
    if train_files is not None:
        source_index, target_index = (index_examples([pattern]) for pattern in train_files)
        target_index = replace(target_index, labels=space.target_rows[target_index.labels])
        sample = sample_domains(source_index, target_index, _MOST_IMAGES, _SEED)
        covariate = measure_covariate_shift(sample, _SEED)
    shifts: list[Shift] = []
    if TRAIN_SPLIT in skews and _is_label_shift(
        skews[TRAIN_SPLIT], source_counts[TRAIN_SPLIT], target_counts[TRAIN_SPLIT]
    ):
        shifts.append("label")
    if covariate is not None and _is_covariate_shift(covariate):
        shifts.append("covariate")
    return DomainComparison(skews, covariate, shifts)


def _is_label_shift(skew: Distance, source: Sequence[int], target: Sequence[int]) -> bool:
    pairs = zip(source, target, strict=True)
    table = [list(pair) for pair in pairs if any(pair)]
    if skew.l_infinity <= _SMALLEST_LABEL_SKEW or len(table) < 2:
        return False
    return float(chi2_contingency(table).pvalue) < _SIGNIFICANCE


def _is_covariate_shift(shift: CovariateShift) -> bool:
    return shift.classifier_auc > _SMALLEST_DOMAIN_AUC and shift.p_value < _SIGNIFICANCE
