"""The examples that a transfer trains on: labelled shots, unlabelled target, source."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modules.core.errors import ConfigError
from modules.core.example_features import TRAIN_SPLIT
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import (
    ExampleIndex,
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from modules.settings import Shots, TrainingSettings, TransferSettings
from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.methods import TRANSFER_METHODS

# Source examples that the restored network is judged on before the first step.
PROOF_EXAMPLES = 1000
# Target images that the domains' distance is estimated on, and no training.
_TARGET_SAMPLE = 500

_KEPT_SELECTIONS = 4


@dataclass(frozen=True)
class TransferData:
    """Preprocessed examples, of train splits only.

    Attributes:
        shots: The labelled target examples; none with 0 shots.
        source: A random sample of the source, big enough for the training and for the proof.
        target: A random sample of all of the target's images, without labels.
        streams: What the method trains on, by the names of its streams.
    """

    shots: PreprocessedExamples | None
    source: PreprocessedExamples
    target: PreprocessedExamples
    streams: dict[str, PreprocessedExamples]

    @property
    def proof(self) -> dict[str, PreprocessedExamples]:
        """Labelled examples, by domain, that the restored network is judged on."""
        # Spread evenly: ids, and with them the rows, may be sorted by class.
        count = min(PROOF_EXAMPLES, len(self.source))
        source = self.source.take(np.linspace(0, len(self.source) - 1, count).astype(np.int64))
        return {SOURCE: source} if self.shots is None else {SOURCE: source, TARGET: self.shots}


@dataclass(frozen=True)
class TrainSplit:
    """A domain's train split, whose images are preprocessed when they are asked for.

    Attributes:
        name: For error messages.
        index: What is in it.
        preprocess: Gives the examples of some rows of the index, int64 [M], or, for None, of all.
    """

    name: str
    index: ExampleIndex
    preprocess: Callable[[np.ndarray | None], PreprocessedExamples]

    @classmethod
    def open(
        cls, examples_uri: str, preprocessor: ImagePreprocessor, memory_cache_mib: int
    ) -> TrainSplit:
        """Opens the train split of an Examples artifact; no image is read yet.

        Args:
            examples_uri: Root of the artifact.
            preprocessor: The TransformGraph.
            memory_cache_mib: See `preprocess_examples`.

        Returns:
            The split.

        Raises:
            DataError: It cannot be read.
        """
        index = index_examples([_train_files(examples_uri)])

        def preprocess(rows: np.ndarray | None) -> PreprocessedExamples:
            return preprocess_examples(
                index, preprocessor, memory_cache_mib=memory_cache_mib, rows=rows
            )

        return cls(examples_uri, index, preprocess)

    def preprocessed(self) -> TrainSplit:
        """Preprocesses every image now, once for any number of trainings in this process."""
        examples = self.preprocess(None)

        # TensorFlow never lets go of the examples that a tf.numpy_function has read: trainings with
        # the same seed, which take the same rows, share one copy of them.
        @functools.lru_cache(maxsize=_KEPT_SELECTIONS)
        def take(rows: bytes) -> PreprocessedExamples:
            return examples.take(np.frombuffer(rows, np.int64))

        def preprocess(rows: np.ndarray | None) -> PreprocessedExamples:
            return examples if rows is None else take(rows.astype(np.int64).tobytes())

        return TrainSplit(self.name, self.index, preprocess)


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
    preprocessor = ImagePreprocessor(transform_graph)
    target, source = (
        TrainSplit.open(examples, preprocessor, training.memory_cache_mib)
        for examples in (target_examples, source_examples)
    )
    return select_transfer_data(target, source, transfer, shots, seed, class_names)


def select_transfer_data(
    target: TrainSplit,
    source: TrainSplit,
    transfer: TransferSettings,
    shots: Shots,
    seed: int,
    class_names: Sequence[str],
) -> TransferData:
    """Draws what the method needs from the two train splits.

    Args:
        target: The target's.
        source: The source's.
        transfer: Names the method and its budget.
        shots: Labelled target examples of each class.
        seed: Chooses the shots and the source's sample.
        class_names: The target's, in label order.

    Returns:
        The examples.

    Raises:
        ConfigError: The method needs labelled target examples and there are no shots.
        DataError: A class has too few examples.
    """
    method = TRANSFER_METHODS.find(transfer.method)
    if TARGET in method.required_streams and shots == 0:
        raise ConfigError(
            f"transfer.method: '{transfer.method}' trains on labelled target examples, but "
            "target.shots is 0. Give it shots, or choose zero_shot."
        )
    used = method.required_streams | method.optional_streams
    rows = draw_shots(
        target.index.labels,
        target.index.example_ids,
        shots,
        seed,
        class_names,
        source=target.name,
    )
    streams: dict[str, PreprocessedExamples] = {}
    target_rows = _sample(len(target.index), _TARGET_SAMPLE, seed)
    if UNLABELLED in used:
        everything = target.preprocess(None)
        streams[UNLABELLED] = everything.without_labels()
        labelled = everything.take(rows) if len(rows) else None
        target_sample = everything.take(target_rows)
    else:
        labelled = target.preprocess(rows) if len(rows) else None
        target_sample = target.preprocess(target_rows)
    if TARGET in used and labelled is not None:
        streams[TARGET] = labelled
    needed = transfer.steps * transfer.source_batch_size if SOURCE in used else 0
    # No more than the steps can use or the proof takes.
    sample = source.preprocess(_sample(len(source.index), max(needed, PROOF_EXAMPLES), seed))
    if SOURCE in used:
        streams[SOURCE] = sample
    return TransferData(labelled, sample, target_sample.without_labels(), streams)


def _sample(total: int, count: int, seed: int) -> np.ndarray:
    """Chooses rows at random, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(total)[:count])


def _train_files(examples_uri: str) -> str:
    return os.path.join(examples_uri, f"Split-{TRAIN_SPLIT}", "*")
