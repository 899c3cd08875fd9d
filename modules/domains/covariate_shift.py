"""Measures how far apart the images of two domains are, whatever their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from modules.core.example_features import IMAGE, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.distribution_distance import Distance, distribution_distance
from modules.domains.sample import DomainSample
from modules.settings import ValidationSettings

_FEWEST = 20  # images of each domain that a classifier can be judged on
_LEVELS = 32  # bins of grey
_TREES = 200


@dataclass(frozen=True)
class CovariateShift:
    """Distances between two domains' images, on samples with the same classes.

    Args:
        examples: Images of each domain that were compared.
        pixels: Distance between the distributions of grey values.
        classifier_auc: Area under the ROC curve of a classifier that tells the domains apart:
            0.5 is chance, 1 means that every image gives its domain away.
        p_value: One-sided, that the classifier is no better than chance (Mann-Whitney).
    """

    examples: int
    pixels: Distance
    classifier_auc: float
    p_value: float


def measure_covariate_shift(sample: DomainSample, seed: int) -> CovariateShift | None:
    """Measures how well a classifier tells the domains apart by their images alone.

    Only trees that did not train on an image judge it (out of bag), so the figure is not flattered.

    Args:
        sample: Images of both domains, with the same classes row by row.
        seed: Seeds the classifier.

    Returns:
        The distances; None with fewer than 20 images of each domain.

    References:
        Ben-David et al. A theory of learning from different domains. Machine Learning 79, 2010,
        section 4: the error of a domain classifier as a measure of divergence.
        Breiman. Random Forests. Machine Learning 45, 2001, section 3.1: out-of-bag estimates.
    """
    count = len(sample.source)
    if count < _FEWEST:
        return None
    images = np.concatenate([sample.source, sample.target]).reshape(2 * count, -1)
    is_target = np.arange(2 * count) >= count
    forest = RandomForestClassifier(
        _TREES, oob_score=True, min_samples_leaf=3, n_jobs=-1, random_state=seed
    )
    scores = forest.fit(images, is_target).oob_decision_function_[:, 1]
    test = mannwhitneyu(scores[is_target], scores[~is_target], alternative="greater")
    return CovariateShift(
        examples=count,
        pixels=distribution_distance(_grey_levels(sample.source), _grey_levels(sample.target)),
        classifier_auc=float(roc_auc_score(is_target, scores)),
        p_value=float(test.pvalue),
    )


def check_covariate_shift(
    shift: CovariateShift | None, settings: ValidationSettings
) -> list[Finding]:
    """Compares the distances with the largest allowed, if any are set."""
    if shift is None:
        return []
    auc = "an area under the curve of at most {:g} for telling the domains apart"
    skew = "a skew of grey values against the source of at most {:g} (L-infinity)"
    measured = [
        ("max_domain_auc", settings.max_domain_auc, shift.classifier_auc, auc),
        ("max_pixel_skew", settings.max_pixel_skew, shift.pixels.l_infinity, skew),
    ]
    return [
        Finding(
            TRAIN_SPLIT,
            IMAGE,
            expected=expected.format(allowed),
            found=f"{value:.3f}",
            fix=f"Choose a source that looks more like the target, or raise validation.{key}.",
        )
        for key, allowed, value, expected in measured
        if allowed is not None and value > allowed
    ]


def _grey_levels(images: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    return np.histogram(np.clip(images, 0.0, 1.0), bins=_LEVELS, range=(0.0, 1.0))[0]
