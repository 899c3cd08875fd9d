"""The examples that a transfer trains on: labelled shots, unlabelled target, source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from modules.errors import ConfigError
from modules.examples import TRAIN_SPLIT
from modules.few_shot import draw_shots
from modules.input_pipeline import (
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from modules.objectives import SOURCE, TARGET, UNLABELLED
from modules.settings import Shots, TrainingSettings, TransferSettings
from modules.transfer_methods import transfer_method_class

# Source examples that the restored network is judged on before the first step.
PROOF_EXAMPLES = 1000


@dataclass(frozen=True)
class TransferData:
    """Preprocessed examples, of train splits only.

    Attributes:
        shots: The labelled target examples; none with 0 shots.
        source: A random sample of the source, big enough for the training and for the proof.
        streams: What the method trains on, by the names of its streams.
    """

    shots: PreprocessedExamples | None
    source: PreprocessedExamples
    streams: dict[str, PreprocessedExamples]


def load_transfer_data(
    target_examples: str,
    source_examples: str,
    transform_graph: str,
    transfer: TransferSettings,
    training: TrainingSettings,
    shots: Shots,
    seed: int,
    class_names: Sequence[str],
) -> TransferData:
    """Reads and preprocesses as much of the two train splits as the method needs.

    Args:
        target_examples: Root of the target's Examples artifact.
        source_examples: Root of the source's.
        transform_graph: The TransformGraph artifact.
        transfer: Names the method and its budget.
        training: Bounds the memory.
        shots: Labelled target examples of each class.
        seed: Chooses the shots and the source's sample.
        class_names: The target's, in label order.

    Returns:
        The examples.

    Raises:
        ConfigError: The method needs labelled target examples and there are no shots.
        DataError: The examples cannot be read, or a class has too few.
    """
    method = transfer_method_class(transfer.method)
    if TARGET in method.required_streams and shots == 0:
        raise ConfigError(
            f"transfer.method: '{transfer.method}' trains on labelled target examples, but "
            "target.shots is 0. Give it shots, or choose zero_shot."
        )
    used = method.required_streams | method.optional_streams
    preprocess = partial(
        preprocess_examples,
        preprocessor=ImagePreprocessor(transform_graph),
        memory_cache_mib=training.memory_cache_mib,
    )
    target = index_examples([_train_files(target_examples)])
    rows = draw_shots(
        target.labels, target.example_ids, shots, seed, class_names, source=target_examples
    )
    streams: dict[str, PreprocessedExamples] = {}
    labelled = None
    if UNLABELLED in used:
        everything = preprocess(target)
        streams[UNLABELLED] = everything.without_labels()
        labelled = everything.take(rows) if len(rows) else None
    elif len(rows):
        labelled = preprocess(target, rows=rows)
    if TARGET in used and labelled is not None:
        streams[TARGET] = labelled
    source_index = index_examples([_train_files(source_examples)])
    needed = transfer.steps * transfer.source_batch_size if SOURCE in used else 0
    source = preprocess(source_index, rows=_sample(len(source_index), needed, seed))
    if SOURCE in used:
        streams[SOURCE] = source
    return TransferData(labelled, source, streams)


def _sample(total: int, needed: int, seed: int) -> np.ndarray:
    """Chooses rows at random, ascending: no more than the steps can use or the proof takes."""
    order = np.random.default_rng(seed).permutation(total)
    return np.sort(order[: max(needed, PROOF_EXAMPLES)])


def _train_files(examples_uri: str) -> str:
    return os.path.join(examples_uri, f"Split-{TRAIN_SPLIT}", "*")
