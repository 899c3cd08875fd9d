"""The proof of a warm start: what the restored network can do before the first step."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from modules.core.errors import WarmStartMappingError
from modules.examples.input_pipeline import PreprocessedExamples
from modules.models.mapping_report import MappingReport
from modules.networks.network import Network
from modules.networks.outputs import network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.transfer.class_masks import Masks

# Largest difference of an output, as a share of the largest output, that rounding explains.
_TOLERANCES = {"float32": 1e-3, "mixed_bfloat16": 0.1}


def prove_warm_start(
    network: Network,
    pretrained_model_dir: str,
    report: MappingReport,
    precision: str,
    labelled: Mapping[str, PreprocessedExamples],
    masks: Masks | None = None,
    unlabelled: PreprocessedExamples | None = None,
) -> dict[str, float]:
    """Evaluates the restored network and compares it with the pretrained model itself.

    Where every weight was restored, both must give the same outputs for the source's classes. Where
    the configuration announced missing or reshaped weights, there is nothing to compare.

    Args:
        network: After the restoration, before the first step.
        pretrained_model_dir: The pretrained model's SavedModel.
        report: What was restored.
        precision: Keras dtype policy of the network.
        labelled: Labelled examples of train splits, by domain.
        masks: What keeps a domain's examples from classes that it does not have.
        unlabelled: Examples of the target's train split, to compare on if none is labelled.

    Returns:
        `restored_<domain>_accuracy` for each domain and, where comparable,
        `restored_output_difference`: the largest difference of a logit, as a share of the
        largest logit.

    Raises:
        WarmStartMappingError: The two give different outputs.
    """
    shown = list(labelled.values())
    if not shown and unlabelled is not None:
        shown = [unlabelled]
    images = np.concatenate([part.images for part in shown])
    outputs = network_outputs(network, images)
    metrics, start = {}, 0
    for name, part in labelled.items():
        possible = outputs.logits[start : start + len(part)] + (masks or {}).get(name, 0.0)
        right = np.argmax(possible, axis=-1) == part.known_labels
        metrics[f"restored_{name}_accuracy"] = float(right.mean())
        start += len(part)
    if not report.missing and not report.shape_mismatch:
        pretrained = network_outputs(RestoredGraph(pretrained_model_dir), images)
        # The classes that the pretrained model has come first.
        known = outputs.logits[:, : pretrained.logits.shape[1]]
        difference = _difference(known, pretrained.logits)
        if not difference <= _TOLERANCES[precision]:
            raise WarmStartMappingError(
                f"{pretrained_model_dir}: the restored network's outputs differ from the "
                f"pretrained model's by up to {difference:.2g} of the largest one. Its code or "
                "settings have changed since; run the pretraining again."
            )
        metrics["restored_output_difference"] = difference
        _warn_of_chance(metrics, labelled)
    return metrics


def _warn_of_chance(
    metrics: Mapping[str, float], labelled: Mapping[str, PreprocessedExamples]
) -> None:
    for name, part in labelled.items():
        chance = float(np.bincount(part.known_labels).max() / len(part))
        if metrics[f"restored_{name}_accuracy"] <= chance:
            logging.getLogger(__name__).warning(
                "The pretrained model is no better than chance (%.3f) on the %s domain.",
                chance,
                name,
            )


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))
