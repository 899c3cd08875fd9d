"""The examples that a transfer trains on: labelled shots, unlabelled target, source."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modules.core.errors import ConfigError
from modules.domains.label_space import LabelSpace
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import (
    ExampleIndex,
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from modules.settings.plans import TransferPlan
from modules.training.jobs import train_split
from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.methods import TRANSFER_METHODS

# Source examples on which the restored network is evaluated before the first step.
PROOF_EXAMPLES = 1000
# Target images that transferability is estimated on.
_TARGET_SAMPLE = 500

_KEPT_SELECTIONS = 4


@dataclass(frozen=True)
class TransferData:
    """Preprocessed examples, of train splits only. Labels are those of the label space.

    Attributes:
        shots: The labelled target examples; None with 0 shots.
        source: A random sample of the source, large enough for the training and the proof; None
            without a source.
        target: A random sample of the target's images, without labels.
        streams: What the method trains on, by the names of its streams.
    """

    shots: PreprocessedExamples | None
    source: PreprocessedExamples | None
    target: PreprocessedExamples
    streams: dict[str, PreprocessedExamples]

    @property
    def proof(self) -> dict[str, PreprocessedExamples]:
        """Labelled examples, by domain, that the restored network is judged on."""
        found = {}
        if self.source is not None:
            # Spread evenly: ids, and with them the rows, may be sorted by class.
            count = min(PROOF_EXAMPLES, len(self.source))
            rows = np.linspace(0, len(self.source) - 1, count).astype(np.int64)
            found[SOURCE] = self.source.take(rows)
        if self.shots is not None:
            found[TARGET] = self.shots
        return found


@dataclass(frozen=True)
class TrainSplit:
    """A domain's train split. Its images are preprocessed on demand.

    Attributes:
        name: For error messages.
        index: Labels, ids and places of its examples.
        preprocess: Returns the examples of some rows of the index, int64 [M], or of all for None.
    """

    name: str
    index: ExampleIndex
    preprocess: Callable[[np.ndarray | None], PreprocessedExamples]

    @classmethod
    def open(
        cls, examples_uri: str, preprocessor: ImagePreprocessor, memory_cache_mib: int
    ) -> TrainSplit:
        """Opens the train split of an Examples artifact without reading an image.

        Raises:
            DataError: It cannot be read.
        """
        index = index_examples([f"{train_split(examples_uri)}/*"])

        def preprocess(rows: np.ndarray | None) -> PreprocessedExamples:
            return preprocess_examples(
                index, preprocessor, memory_cache_mib=memory_cache_mib, rows=rows
            )

        return cls(examples_uri, index, preprocess)

    def preprocessed(self) -> TrainSplit:
        """Preprocesses every image now, for any number of trainings in this process."""
        examples = self.preprocess(None)

        # TensorFlow never frees the examples that a tf.numpy_function has read. Trainings with the
        # same seed take the same rows, so they share one copy.
        @functools.lru_cache(maxsize=_KEPT_SELECTIONS)
        def take(rows: bytes) -> PreprocessedExamples:
            return examples.take(np.frombuffer(rows, np.int64))

        def preprocess(rows: np.ndarray | None) -> PreprocessedExamples:
            return examples if rows is None else take(rows.astype(np.int64).tobytes())

        return TrainSplit(self.name, self.index, preprocess)


def select_transfer_data(
    plan: TransferPlan, target: TrainSplit, source: TrainSplit | None, space: LabelSpace
) -> TransferData:
    """Draws what the method needs from the two train splits.

    Args:
        plan: Names the method, its budget, the shots and the seed that draws them.
        target: The target's train split.
        source: The source's train split, if there is a source.
        space: Classes of both domains.

    Raises:
        ConfigError: The method needs labelled target examples and there are no shots.
        DataError: A class has too few examples.
    """
    transfer, shots, seed = plan.transfer, plan.shots, plan.seed
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
        space.target,
        groups=target.index.groups,
        source=target.name,
    )
    streams: dict[str, PreprocessedExamples] = {}
    total = len(target.index)
    target_rows = _sample(total, _TARGET_SAMPLE, seed)
    unlabelled_rows = _sample(total, transfer.unlabelled_images if UNLABELLED in used else 0, seed)
    # Read once: all that is used, and nothing else.
    read = np.unique(np.concatenate([rows, target_rows, unlabelled_rows]))
    images = target.preprocess(None if len(read) == total else read)
    if UNLABELLED in used:
        streams[UNLABELLED] = _part(images, read, unlabelled_rows).without_labels()
    target_sample = _part(images, read, target_rows)
    labelled = None
    if len(rows):
        labelled = _part(images, read, rows).relabelled(space.target_rows)
        if TARGET in used:
            streams[TARGET] = labelled
    sample = None
    if source is not None:
        needed = transfer.steps * transfer.source_batch_size if SOURCE in used else 0
        # No more than the steps or the proof can use.
        sample = source.preprocess(_sample(len(source.index), max(needed, PROOF_EXAMPLES), seed))
        if SOURCE in used:
            streams[SOURCE] = sample
    return TransferData(labelled, sample, target_sample.without_labels(), streams)


def _sample(total: int, count: int, seed: int) -> np.ndarray:
    """Chooses rows at random, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(total)[:count])


def _part(
    examples: PreprocessedExamples, read: np.ndarray, rows: np.ndarray
) -> PreprocessedExamples:
    """Finds some rows of the index among those that were read, both ascending."""
    return examples if len(rows) == len(read) else examples.take(np.searchsorted(read, rows))
