"""The logits of classes that the pretrained model does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from modules.core.wording import count
from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.mapping_report import ClassRow, MappingReport
from modules.networks.network import LOGITS, Network
from modules.networks.outputs import network_outputs
from modules.transfer.probe import LinearProbe, fit_probe

# Means hardly move with more.
_IMPRINTED_PER_CLASS = 100

# From features [N, D] and labels int64 [N] of all target classes, the classes of both domains, and
# the rows of the source's classes, to those of the new classes.
_MakeRows: TypeAlias = Callable[
    [npt.NDArray[np.floating], npt.NDArray[np.int64], LabelSpace, LinearProbe], LinearProbe
]


class _Start(NamedTuple):
    """A way to begin new classes: what makes their rows, from how many images, in which words."""

    make_rows: _MakeRows
    most_per_class: int | None
    origin: str


def begin_new_classes(
    start: str,
    network: Network,
    space: LabelSpace,
    shots: PreprocessedExamples,
    report: MappingReport,
) -> MappingReport:
    """Sets the logits of new classes from their labelled images.

    Args:
        start: `imprint` or `probe`, see `imprinted_rows` and `probed_rows`.
        network: With restored weights and fresh rows of new classes; changed in place.
        space: Classes of both domains; at least one is new.
        shots: Labelled examples of every target class.
        report: What was restored.

    Returns:
        The report, which says of the new rows what they were made from.
    """
    make_rows, most_per_class, origin = _STARTS[start]
    used = shots if most_per_class is None else _first_of_each_class(shots, most_per_class)
    labels, features = used.known_labels, network_outputs(network, used.images).features
    kernel, bias = (network.named_variables[f"{LOGITS}/{name}"] for name in ("kernel", "bias"))
    weights, biases = kernel.numpy(), bias.numpy()
    known = len(space.source)
    restored = LinearProbe(weights[:, :known], biases[:known])
    new = make_rows(features, labels, space, restored)
    kernel.assign(np.concatenate([restored.kernel, new.kernel], axis=1))
    bias.assign(np.concatenate([restored.bias, new.bias]))
    counts = np.bincount(labels, minlength=len(space.classes))[known:].tolist()
    why = f"the pretrained model does not have this class, and transfer.new_classes is {start}"
    begun = [
        ClassRow(name, f"{origin} {count(examples, 'labelled image')}", why)
        for name, examples in zip(space.new, counts, strict=True)
    ]
    return replace(report, rows=[*report.rows[:known], *begun])


def imprinted_rows(
    features: npt.NDArray[np.floating],
    labels: npt.NDArray[np.int64],
    space: LabelSpace,
    restored: LinearProbe,
) -> LinearProbe:
    """Points the rows of new classes at their mean features, and scales them as restored rows.

    The directions are those from the mean of all target classes: features that pass a ReLU share
    most of their mean, which tells no class from another. The biases let a new class be as likely
    as a restored one where the features are average.

    Reference: Qi, Brown and Lowe, Low-Shot Learning with Imprinted Weights, CVPR 2018, section 3.2.

    Args:
        features: [N, D], of every target class.
        labels: int64 [N], places among all classes of the space.
        space: Classes of both domains.
        restored: The rows of the source's classes.
    """
    means = _class_means(features, labels, len(space.classes))
    weights = restored.kernel.astype(np.float64)
    # In the order of the logits, so that the target's order changes not even the rounding.
    center = means[np.sort(space.target_rows)].mean(axis=0)
    directions = means[len(space.source) :] - center
    lengths = np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), np.finfo(float).tiny)
    usual_length = np.linalg.norm(weights, axis=0).mean()
    kernel = (directions / lengths * usual_length).T
    usual_logit = (center @ weights + restored.bias).mean()
    bias = usual_logit - center @ kernel
    return LinearProbe(kernel.astype(np.float32), bias.astype(np.float32))


def probed_rows(
    features: npt.NDArray[np.floating],
    labels: npt.NDArray[np.int64],
    space: LabelSpace,
    restored: LinearProbe,
) -> LinearProbe:
    """Takes the rows of new classes from a linear probe that is fitted to all target classes.

    Where the domains share no class, the target's logits are the probe's. Shared classes keep their
    restored rows, and the new ones take the place beside them that they have in the probe: its
    logits may be shifted by any function of the features that all classes have in common, and are
    stretched as far as the restored ones are spread.

    Reference: Kumar et al., Fine-Tuning Can Distort Pretrained Features and Underperform
    Out-of-Distribution, ICLR 2022, section 3.4 (LP-FT).

    Args:
        features: [N, D], of every target class.
        labels: int64 [N], places among all classes of the space.
        space: Classes of both domains.
        restored: The rows of the source's classes.
    """
    rows = np.sort(space.target_rows)  # shared classes come first
    probe = fit_probe(features, np.searchsorted(rows, labels))
    shared = rows[: len(space.shared)]
    new = LinearProbe(probe.kernel[:, len(shared) :], probe.bias[len(shared) :])
    if not len(shared):
        return new
    kept = LinearProbe(restored.kernel[:, shared], restored.bias[shared])
    theirs = LinearProbe(probe.kernel[:, : len(shared)], probe.bias[: len(shared)])
    spread = _spread(theirs, features)
    stretch = _spread(kept, features) / spread if spread > 0 else 1.0
    return LinearProbe(
        *(
            (stretch * (row - common.mean(-1, keepdims=True)) + place.mean(-1, keepdims=True))
            for row, common, place in zip(new, theirs, kept, strict=True)
        )
    )


_STARTS = {
    "imprint": _Start(imprinted_rows, _IMPRINTED_PER_CLASS, "imprinted from"),
    "probe": _Start(probed_rows, None, "from a linear probe of"),
}


def _spread(classifier: LinearProbe, features: npt.NDArray[np.floating]) -> float:
    """Measures how far a classifier's logits lie apart; 0 for a single class."""
    logits = features @ classifier.kernel + classifier.bias
    return float(np.std(logits, axis=1).mean())


def _class_means(
    features: npt.NDArray[np.floating], labels: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.float64]:
    sums = np.zeros((classes, features.shape[1]))
    np.add.at(sums, labels, features)
    counts = np.bincount(labels, minlength=classes)
    return sums / np.maximum(counts, 1)[:, np.newaxis]


def _first_of_each_class(examples: PreprocessedExamples, most: int) -> PreprocessedExamples:
    labels = examples.known_labels
    rows = [np.flatnonzero(labels == label)[:most] for label in np.unique(labels)]
    return examples.take(np.sort(np.concatenate(rows)))
