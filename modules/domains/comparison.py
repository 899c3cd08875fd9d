"""How a target differs from its source: in its labels, in its images, or in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scipy.stats import chi2_contingency

from modules.core.example_features import TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.covariate_shift import (
    CovariateShift,
    check_covariate_shift,
    measure_covariate_shift,
)
from modules.domains.distribution_distance import Distance
from modules.domains.sample import sample_domains
from modules.domains.skew import check_skew, measure_skew
from modules.examples.input_pipeline import index_examples
from modules.settings import ValidationSettings

Shift = Literal["label", "covariate"]

# A difference is called a shift where it is beyond chance and also large enough to matter: with
# many examples any two domains differ beyond chance.
_SIGNIFICANCE = 0.01
_SMALLEST_LABEL_SKEW = 0.05  # L-infinity
_SMALLEST_DOMAIN_AUC = 0.6

_MOST_IMAGES = 1000  # of each domain
# Not the pipeline's seed: the distance is a property of the two domains.
_SEED = 0

Counts = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class DomainComparison:
    """What was measured between two domains.

    Attributes:
        label_skew: Distance between the label distributions, by split.
        covariate_shift: Distance between the images of the train splits; None where it was not
            measured.
        shifts: Which kinds of shift these amount to.
        findings: Where they are larger than allowed.
    """

    label_skew: Mapping[str, Distance] = field(default_factory=dict)
    covariate_shift: CovariateShift | None = None
    shifts: Sequence[Shift] = ()
    findings: Sequence[Finding] = ()


def compare_domains(
    source_counts: Counts,
    target_counts: Counts,
    train_files: tuple[str, str] | None,
    settings: ValidationSettings,
) -> DomainComparison:
    """Measures label and covariate shift, and compares them with what is allowed.

    Args:
        source_counts: Examples of each class in the source, by split.
        target_counts: The same for the target.
        train_files: Patterns of the train splits' files of source and target; None leaves the
            images alone.
        settings: What is allowed.

    Returns:
        The comparison.

    Raises:
        DataError: The examples cannot be read.
        tf.errors.InvalidArgumentError: An image cannot be decoded.
    """
    skews = measure_skew(source_counts, target_counts)
    covariate = None
    if train_files is not None:
        source, target = (index_examples([pattern]) for pattern in train_files)
        covariate = measure_covariate_shift(
            sample_domains(source, target, _MOST_IMAGES, _SEED), _SEED
        )
    shifts: list[Shift] = []
    if TRAIN_SPLIT in skews and _is_label_shift(
        skews[TRAIN_SPLIT], source_counts[TRAIN_SPLIT], target_counts[TRAIN_SPLIT]
    ):
        shifts.append("label")
    if covariate is not None and _is_covariate_shift(covariate):
        shifts.append("covariate")
    findings = [*check_skew(skews, settings), *check_covariate_shift(covariate, settings)]
    return DomainComparison(skews, covariate, shifts, findings)


def _is_label_shift(skew: Distance, source: Sequence[int], target: Sequence[int]) -> bool:
    pairs = zip(source, target, strict=True)
    table = [list(pair) for pair in pairs if any(pair)]
    if skew.l_infinity <= _SMALLEST_LABEL_SKEW or len(table) < 2:
        return False
    return float(chi2_contingency(table).pvalue) < _SIGNIFICANCE


def _is_covariate_shift(shift: CovariateShift) -> bool:
    return shift.classifier_auc > _SMALLEST_DOMAIN_AUC and shift.p_value < _SIGNIFICANCE
