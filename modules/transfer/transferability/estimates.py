"""All estimates of one transfer, and the file that keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from modules.core.atomic_files import write_atomically
from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.outputs import NetworkOutputs, network_outputs
from modules.networks.restored_graph import RestoredGraph
from modules.transfer.transferability.h_score import h_score
from modules.transfer.transferability.leep import leep
from modules.transfer.transferability.log_me import log_me

TRANSFERABILITY_FILE = "transferability.json"

LEEP = "leep"
LOG_ME = "log_me"
H_SCORE = "h_score"

# More labelled examples would take seconds and change little.
_MOST_SHOTS = 1000


@dataclass(frozen=True)
class Estimate:
    """One estimate.

    Attributes:
        value: None where there is none.
        why_not: Why there is none.
    """

    value: float | None
    why_not: str | None = None


Transferability = Mapping[str, Estimate]


class LabelledOutputs(NamedTuple):
    """A pretrained model's outputs for N labelled target examples, and their labels, int64 [N]."""

    outputs: NetworkOutputs
    labels: np.ndarray


def labelled_outputs(
    pretrained_model_dir: str, shots: PreprocessedExamples | None, seed: int
) -> LabelledOutputs | None:
    """Asks the pretrained model about the labelled target examples.

    Args:
        pretrained_model_dir: The pretrained SavedModel.
        shots: The labelled target examples; None with 0 shots.
        seed: Draws the examples to use, where there are more than needed.

    Returns:
        The outputs; None with 0 shots.
    """
    if shots is None:
        return None
    rows = np.random.default_rng(seed).permutation(len(shots))[:_MOST_SHOTS]
    labelled = shots.take(np.sort(rows))
    outputs = network_outputs(RestoredGraph(pretrained_model_dir), labelled.images)
    return LabelledOutputs(outputs, labelled.known_labels)


def estimate_transferability(labelled: LabelledOutputs | None) -> dict[str, Estimate]:
    """Estimates what a transfer will be worth, from the train split's labelled examples alone.

    Args:
        labelled: Of `labelled_outputs`.

    Returns:
        `leep`, `log_me` and `h_score`.
    """
    if labelled is None:
        missing = Estimate(None, "There are no labelled target images (target.shots is 0).")
        return dict.fromkeys((LEEP, LOG_ME, H_SCORE), missing)
    return estimate_from_outputs(*labelled)


def estimate_from_outputs(outputs: NetworkOutputs, labels: np.ndarray) -> dict[str, Estimate]:
    """Makes all estimates from a model's outputs.

    Args:
        outputs: The pretrained model's outputs for N labelled target examples.
        labels: int [N].

    Returns:
        `leep`, `log_me` and `h_score`.
    """
    logits = outputs.logits.astype(np.float64)
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities = exponents / exponents.sum(axis=-1, keepdims=True)
    estimates = {
        LEEP: _finite(lambda: leep(probabilities, labels)),
        LOG_ME: _finite(lambda: log_me(outputs.features, labels)),
    }
    if len(labels) <= len(np.unique(labels)):
        return {**estimates, H_SCORE: Estimate(None, "This needs two labelled images of a class.")}
    return {**estimates, H_SCORE: _finite(lambda: h_score(outputs.features, labels))}


def write_transferability(estimates: Transferability, directory: str) -> None:
    """Writes transferability.json in one step into an existing folder."""
    content = {name: asdict(estimate) for name, estimate in estimates.items()}
    path = os.path.join(directory, TRANSFERABILITY_FILE)
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def parse_transferability(content: Mapping[str, Mapping[str, object]]) -> dict[str, Estimate]:
    """Reads the content of transferability.json."""
    return {name: Estimate(**estimate) for name, estimate in content.items()}  # type: ignore[arg-type]


def _finite(estimate: Callable[[], float]) -> Estimate:
    value = estimate()
    if not np.isfinite(value):
        return Estimate(None, "The pretrained features are degenerate: the estimate is not finite.")
    return Estimate(value)
