"""Features of two domains: class centers, their distances, and layouts in two dimensions."""

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
        is_target: Whether each example is from the target, bool [N].
    """

    features: npt.NDArray[np.floating]
    labels: npt.NDArray[np.int64]
    is_target: npt.NDArray[np.bool_]

    def centers(self, classes: Sequence[int]) -> tuple[Array, Array]:
        """Averages the features of each class in each domain, as center loss's centers do.

        Returns:
            Centers of the source and of the target, [K, D] each; NaN for a class without examples.
        """
        missing = np.full(self.features.shape[1], np.nan)
        source, target = (
            np.stack([self.features[row].mean(axis=0) if row.any() else missing for row in rows])
            for rows in (
                [(self.labels == label) & (self.is_target == of_target) for label in classes]
                for of_target in (False, True)
            )
        )
        return source.astype(np.float64), target.astype(np.float64)


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
    """Measures distances in the feature space itself, not in a layout of it.

    The spread is the root mean square distance of the examples from the center of their class in
    their domain.

    Args:
        data: Features of both domains.
        classes: K labels, at least two, each with examples in both domains.

    Returns:
        The two mean distances; infinite if the spread is 0.
    """
    source, target = data.centers(classes)
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
    """Projects onto the two directions of largest variance (PCA).

    Args:
        data: Features of both domains.
        classes: K labels whose centers are shown.

    Returns:
        The picture.
    """
    source, target = data.centers(classes)
    with threadpool_limits(1):
        pca = PCA(2, svd_solver="full").fit(data.features.astype(np.float64))
        return Picture(pca.transform(data.features), pca.transform(source), pca.transform(target))


def project_by_neighbours(data: FeatureSet, classes: Sequence[int], seed: int) -> Picture:
    """Places neighbours next to each other (t-SNE). Distances between groups mean nothing.

    The centers are laid out with the examples: t-SNE cannot project new points.

    Args:
        data: Features of both domains.
        classes: K labels whose centers are shown.
        seed: Seed of the layout.

    Returns:
        The picture.

    References:
        van der Maaten, Hinton. Visualizing data using t-SNE. Journal of Machine Learning Research
        9, 2008; section 4.2 reduces to some 30 dimensions by PCA first.
    """
    source, target = data.centers(classes)
    together = np.concatenate([data.features.astype(np.float64), source, target])
    dimensions = min(_TSNE_INPUT_DIMENSIONS, *together.shape)
    # On so few points, several threads wait for each other longer than they help.
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
