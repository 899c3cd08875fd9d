"""Label propagation: a network's predictions, smoothed over nearest neighbours."""

from __future__ import annotations

import numpy as np

_MOST_NEIGHBOURS, _FEWEST_NEIGHBOURS = 10, 3
_IMAGES_PER_NEIGHBOUR = 2  # of a class, on average
_ROUNDS = 30
_SHARPNESS = 3  # power of the similarities, gamma in Iscen et al., CVPR 2019


def propagate_labels(
    features: np.ndarray, prior: np.ndarray, neighbours_share: float = 0.9
) -> np.ndarray:
    """Spreads class scores along the graph of nearest neighbours.

    A cluster that a decision boundary cuts gets the label of most of its members.

    Reference: Zhou et al., Learning with Local and Global Consistency, NeurIPS 2003, section 2;
    neighbours as in Iscen et al., Label Propagation for Deep Semi-Supervised Learning, CVPR 2019,
    section 4.1.

    Args:
        features: [N, D], finite; compared by their cosine.
        prior: [N, K], at least 0: predicted probabilities, or one-hot for known labels.
        neighbours_share: How much an image's scores follow its neighbours, and not its own prior,
            in [0, 1); alpha in the paper.

    Returns:
        float32 [N, K], at least 0. Each class has the same sum, so that none wins everywhere.

    Example:
        >>> features = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        >>> prior = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
        >>> np.argmax(propagate_labels(features, prior), axis=1).tolist()
        [0, 0, 1]
    """
    classes = max(1, int(np.count_nonzero(np.any(prior, axis=0))))
    # More neighbours than a class has images would join it to others.
    fitting = len(features) // (classes * _IMAGES_PER_NEIGHBOUR)
    neighbours = int(np.clip(fitting, _FEWEST_NEIGHBOURS, _MOST_NEIGHBOURS))
    graph = _normalized_graph(np.asarray(features, np.float32), neighbours)
    own = np.asarray(prior, np.float32)
    scores = own
    for _ in range(_ROUNDS):
        scores = neighbours_share * (graph @ scores) + (1.0 - neighbours_share) * own
    return scores / np.maximum(scores.sum(axis=0), np.finfo(np.float32).tiny)


def _normalized_graph(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Symmetric similarities of mutual or one-sided neighbours, [N, N], degrees divided out."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.maximum(lengths, np.finfo(np.float32).tiny)
    similarities = directions @ directions.T
    np.fill_diagonal(similarities, -1.0)  # no image is its own neighbour
    count = min(neighbours, len(features) - 1)
    is_neighbour = np.zeros_like(similarities, bool)
    if count:
        nearest = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
        np.put_along_axis(is_neighbour, nearest, True, axis=1)
    weights = np.where(is_neighbour | is_neighbour.T, np.maximum(similarities, 0.0), 0.0)
    weights **= _SHARPNESS
    degrees = np.sqrt(np.maximum(weights.sum(axis=1), np.finfo(np.float32).tiny))
    return weights / degrees[:, None] / degrees[None, :]
