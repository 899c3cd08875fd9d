"""The logits of classes that the pretrained model does not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from modules.core.wording import count
from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.mapping_report import ClassRow, MappingReport
from modules.networks.network import LOGITS, Network
from modules.networks.outputs import network_outputs

# Means hardly move with more.
_EXAMPLES_PER_CLASS = 100
_WHY = "the pretrained model does not have this class, and transfer.new_classes is imprint"


def imprint_new_classes(
    network: Network, space: LabelSpace, shots: PreprocessedExamples, report: MappingReport
) -> MappingReport:
    """Points the rows of new classes at their mean features, and scales them as restored rows.

    The directions are those from the mean of all target classes: features that pass a ReLU share
    most of their mean, which tells no class from another. The biases let a new class be as likely
    as a restored one where the features are average.

    Reference: Qi, Brown and Lowe, Low-Shot Learning with Imprinted Weights, CVPR 2018, section 3.2.

    Args:
        network: With restored weights and fresh rows of new classes; changed in place.
        space: Classes of both domains; at least one is new.
        shots: Labelled examples of every target class.
        report: What was restored.

    Returns:
        The report, which names the imprinted rows.
    """
    used = _first_of_each_class(shots)
    means, counts = _class_means(network, used, len(space.classes))
    kernel, bias = (network.named_variables[f"{LOGITS}/{name}"] for name in ("kernel", "bias"))
    weights, biases = kernel.numpy().astype(np.float64), bias.numpy().astype(np.float64)
    restored = np.arange(len(space.source))
    new = np.arange(len(space.source), len(space.classes))
    # In the order of the logits, so that the target's order changes not even the rounding.
    center = means[np.sort(space.target_rows)].mean(axis=0)
    directions = means[new] - center
    lengths = np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), np.finfo(float).tiny)
    usual_length = np.linalg.norm(weights[:, restored], axis=0).mean()
    weights[:, new] = (directions / lengths * usual_length).T
    usual_logit = (center @ weights[:, restored] + biases[restored]).mean()
    biases[new] = usual_logit - center @ weights[:, new]
    kernel.assign(weights.astype(np.float32))
    bias.assign(biases.astype(np.float32))
    imprinted = [
        ClassRow(name, f"imprinted from {count(examples, 'labelled image')}", _WHY)
        for name, examples in zip(space.new, counts[new].tolist(), strict=True)
    ]
    return replace(report, rows=[*report.rows[: len(space.source)], *imprinted])


def _class_means(
    network: Network, examples: PreprocessedExamples, classes: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    labels = examples.known_labels
    counts = np.bincount(labels, minlength=classes)
    features = network_outputs(network, examples.images).features
    sums = np.zeros((classes, features.shape[1]))
    np.add.at(sums, labels, features)
    return sums / np.maximum(counts, 1)[:, np.newaxis], counts


def _first_of_each_class(examples: PreprocessedExamples) -> PreprocessedExamples:
    labels = examples.known_labels
    rows = [np.flatnonzero(labels == label)[:_EXAMPLES_PER_CLASS] for label in np.unique(labels)]
    return examples.take(np.sort(np.concatenate(rows)))
