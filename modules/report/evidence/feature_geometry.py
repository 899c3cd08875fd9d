"""How features of two domains lie to each other: class centers, distances, pictures in 2-D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]

_TSNE_ITERATIONS = 500
_TSNE_INPUT_DIMENSIONS = 50
_PERPLEXITY = 30.0


@dataclass(frozen=True)
class FeatureSet:
    """Features of examples of both domains.

    Attributes:
        features: [N, D].
        labels: int64 [N].
        is_target: Whether an example is the target's, bool [N].
    """

    features: npt.NDArray[np.floating]
    labels: npt.NDArray[np.int64]
    is_target: npt.NDArray[np.bool_]

    def centers(self, classes: Sequence[int], *, of_target: bool) -> Array:
        """Averages the features of each class in one domain, as center loss's centers do.

        Args:
            classes: K labels.
            of_target: Which domain.

        Returns:
            [K, D]; not-a-number for a class without examples.
        """
        rows = [(self.labels == label) & (self.is_target == of_target) for label in classes]
        missing = np.full(self.features.shape[1], np.nan)
        return np.stack(
            [self.features[row].mean(axis=0) if row.any() else missing for row in rows]
        ).astype(np.float64)


@dataclass(frozen=True)
class Geometry:
    """Distances between class centers, in units of the spread within classes.

    Attributes:
        between_domains: Mean distance from a class's center in the source to its center in the
            target.
        between_classes: Mean distance from a class's center in the target to the nearest center
            of another class in the target.
    """

    between_domains: float
    between_classes: float


@dataclass(frozen=True)
class Picture:
    """Points and centers in two dimensions.

    Attributes:
        points: [N, 2].
        source_centers: [K, 2].
        target_centers: [K, 2].
    """

    points: Array
    source_centers: Array
    target_centers: Array


def measure_geometry(data: FeatureSet, classes: Sequence[int]) -> Geometry:
    """Measures in the feature space itself, not in a picture of it.

    The spread is the root of the mean squared distance of an example from the center of its
    class in its own domain.

    Args:
        data: Features of both domains.
        classes: K labels, at least two, each with examples in both domains.

    Returns:
        The two mean distances; 0 spread gives infinity.
    """
    source, target = (data.centers(classes, of_target=of_target) for of_target in (False, True))
    position = {label: row for row, label in enumerate(classes)}
    own = np.array([position[int(label)] for label in data.labels])
    centers = np.where(data.is_target[:, None], target[own], source[own])
    spread = float(np.sqrt(np.mean(np.sum((data.features - centers) ** 2, axis=1))))
    distances = np.linalg.norm(target[:, None] - target[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    gap = float(np.linalg.norm(source - target, axis=1).mean())
    nearest = float(distances.min(axis=1).mean())
    if spread == 0.0:
        return Geometry(float("inf"), float("inf"))
    return Geometry(gap / spread, nearest / spread)


def project_linearly(data: FeatureSet, classes: Sequence[int]) -> Picture:
    """Projects on the two directions of largest variance (PCA).

    Args:
        data: Features of both domains.
        classes: K labels whose centers are shown.

    Returns:
        The picture.
    """
    source, target = (data.centers(classes, of_target=of_target) for of_target in (False, True))
    with threadpool_limits(1):
        pca = PCA(2, svd_solver="full").fit(data.features.astype(np.float64))
        return Picture(pca.transform(data.features), pca.transform(source), pca.transform(target))


def project_by_neighbours(data: FeatureSet, classes: Sequence[int], seed: int) -> Picture:
    """Lays out neighbours next to each other (t-SNE); distances between groups mean nothing.

    The centers take part as points of their own: t-SNE has no projection for others.

    Args:
        data: Features of both domains.
        classes: K labels whose centers are shown.
        seed: Of the layout.

    Returns:
        The picture.

    References:
        van der Maaten, Hinton. Visualizing data using t-SNE. Journal of Machine Learning Research
        9, 2008; section 4.2 reduces to some 30 dimensions by PCA first.
    """
    source, target = (data.centers(classes, of_target=of_target) for of_target in (False, True))
    together = np.concatenate([data.features.astype(np.float64), source, target])
    dimensions = min(_TSNE_INPUT_DIMENSIONS, *together.shape)
    # One thread: several wait for each other for longer than they help on so few points.
    with threadpool_limits(1):
        reduced = PCA(dimensions, svd_solver="full").fit_transform(together)
        layout = TSNE(
            perplexity=min(_PERPLEXITY, (len(together) - 1) / 3),
            max_iter=_TSNE_ITERATIONS,
            init="pca",
            random_state=seed,
        ).fit_transform(reduced)
    points, source_layout, target_layout = np.split(
        layout.astype(np.float64), [len(data.labels), len(data.labels) + len(classes)]
    )
    return Picture(points, source_layout, target_layout)
