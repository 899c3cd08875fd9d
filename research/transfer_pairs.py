"""Pairs of a pretrained source and a shifted target: what is estimated beforehand, what is gained.

The same images, shots and budget for every pair; the sources differ in their pretraining.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from data.write_domain_shift import write_domain_shift
from modules.core.example_features import EVAL_SPLIT, IMAGE, TRAIN_SPLIT
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import ImagePreprocessor, PreprocessedExamples
from modules.images.augmentation import augment_images
from modules.networks.network import Network
from modules.networks.outputs import network_outputs
from modules.networks.precision import choose_precision
from modules.networks.registry import BuiltNetwork
from modules.settings import TrainingSettings
from modules.settings.plans import TransferPlan
from modules.sources.formats import open_source
from modules.training.batches import BatchStream, batch_dataset
from modules.training.objectives import SOURCE, TARGET, CrossEntropy, Objective
from modules.training.session import Budget, fit, new_network
from modules.transfer.methods import MethodContext, create_transfer_method
from modules.transfer.scratch_control import train_from_scratch
from modules.transfer.transferability.estimates import estimate_from_outputs
from pipelines.config import Config

SHOTS = 10
SHOTS_ACCURACY = "shots_accuracy"
_CLASSES = [str(digit) for digit in range(10)]
_CHUNK = 500  # images that go through the TransformGraph at once


@dataclass(frozen=True)
class Pretraining:
    """One way to pretrain, good or bad.

    Attributes:
        images: Labelled source images, the first so many.
        augmented: Whether they are distorted while training.
    """

    name: str
    steps: int
    images: int
    augmented: bool


PRETRAININGS = (
    Pretraining("long", 300, 20_000, True),
    Pretraining("long-plain", 300, 20_000, False),
    Pretraining("short", 100, 20_000, True),
    Pretraining("short-plain", 100, 20_000, False),
    Pretraining("shortest", 25, 20_000, True),
    Pretraining("1000-images", 150, 1_000, True),
    Pretraining("100-images", 150, 100, False),
)


@dataclass(frozen=True)
class Pair:
    """What came of one source and one target.

    Attributes:
        source: Name of the pretraining.
        target: Name of the shift.
        estimates: By name, made before the transfer; all are better when higher. `shots_accuracy`
            is the pretrained model's accuracy on the labelled shots.
        zero_shot: Target accuracy of the pretrained model.
        scratch: Of training from scratch on the shots.
        fine_tuned: Of fine-tuning on the shots.
    """

    source: str
    target: str
    estimates: dict[str, float]
    zero_shot: float
    scratch: float
    fine_tuned: float


@dataclass(frozen=True)
class TargetDomain:
    """A shifted domain.

    Attributes:
        name: Of the shift.
        shots: The labelled examples, out of its train split.
        judged: Its eval split.
    """

    name: str
    shots: PreprocessedExamples
    judged: PreprocessedExamples


class PairRunner:
    """Pretrains, estimates and fine-tunes, with the settings of a configuration.

    Args:
        config: Network, budget of the fine-tuning, learning rates and seed.
        transform_graph: A TransformGraph artifact.
        source: A folder of IDX files.
    """

    def __init__(self, config: Config, transform_graph: str, source: Path) -> None:
        self._config = config
        self._preprocessor = ImagePreprocessor(transform_graph)
        most = max(pretraining.images for pretraining in PRETRAININGS)
        self._source = self._read(source, TRAIN_SPLIT, most)
        self._training = TrainingSettings(
            precision=config.training.precision,
            checkpoint_every_steps=10**9,
            summary_every_steps=10**9,
        )
        self._scratch_accuracies: dict[str, float] = {}

    def read_target(self, name: str, source: Path, folder: Path, limit: int) -> TargetDomain:
        """Makes a shifted domain, with the arguments of `write_domain_shift`; preprocessed."""
        write_domain_shift(name, source, folder, limit)
        pool = self._read(folder, TRAIN_SPLIT)
        rows = draw_shots(pool.known_labels, pool.example_ids, SHOTS, self._config.seed, _CLASSES)
        return TargetDomain(name, pool.take(rows), self._read(folder, EVAL_SPLIT))

    def run(self, pretraining: Pretraining, targets: Iterable[TargetDomain]) -> Iterator[Pair]:
        """Pretrains once and transfers to each target; yields a pair a target."""
        config = self._config
        network = self._network()
        examples = self._source.take(np.arange(min(pretraining.images, len(self._source))))
        source = BatchStream(
            SOURCE,
            examples,
            config.pretraining.batch_size,
            config.seed,
            augment_images if pretraining.augmented else None,
        )
        budget = Budget(
            pretraining.steps, config.pretraining.learning_rate, config.pretraining.schedule
        )
        self._train(network, CrossEntropy(SOURCE), source, budget)
        weights = network.get_weights()
        for target in targets:
            network = self._network()
            network.set_weights(weights)
            yield Pair(
                pretraining.name,
                target.name,
                _estimates(network, target),
                _accuracy(network, target.judged),
                self._scratch(target),
                self._fine_tuned(network, target),
            )
            keras.utils.clear_session()

    def _scratch(self, target: TargetDomain) -> float:
        if target.name not in self._scratch_accuracies:
            config = self._config
            plan = TransferPlan(
                network=config.network,
                transfer=config.transfer,
                training=self._training,
                seed=config.seed,
            )
            with tempfile.TemporaryDirectory() as directory:
                network, _ = train_from_scratch(plan, target.shots, len(_CLASSES), directory)
            self._scratch_accuracies[target.name] = _accuracy(network, target.judged)
        return self._scratch_accuracies[target.name]

    def _fine_tuned(self, network: BuiltNetwork, target: TargetDomain) -> float:
        config = self._config
        context = MethodContext(config.transfer, len(_CLASSES), network.feature_dim, config.seed)
        method = create_transfer_method("fine_tune", context)
        size = config.transfer.batch_size
        shots = BatchStream(TARGET, target.shots, size, config.seed, augment_images)
        budget = Budget(
            config.transfer.steps, config.transfer.learning_rate, config.transfer.schedule
        )
        self._train(network, method, shots, budget)
        return _accuracy(network, target.judged)

    def _network(self) -> BuiltNetwork:
        config, precision = self._config, choose_precision(self._training.precision)
        return new_network(config.network, len(_CLASSES), config.seed, precision)

    def _train(
        self, network: BuiltNetwork, objective: Objective, stream: BatchStream, budget: Budget
    ) -> None:
        batches = partial(batch_dataset, {stream.name: stream})
        with tempfile.TemporaryDirectory() as directory:
            fit(network, objective, batches, budget, self._training, directory)

    def _read(self, folder: Path, split: str, most: int | None = None) -> PreprocessedExamples:
        shards = open_source("idx", str(folder)).shards(split)
        records = itertools.chain.from_iterable(shard.read() for shard in shards)
        chosen = list(itertools.islice(records, most))
        serialized = [_as_example(record.image) for record in chosen]
        images = [
            self._preprocessor(tf.constant(serialized[start : start + _CHUNK])).numpy()
            for start in range(0, len(serialized), _CHUNK)
        ]
        labels = np.array([record.label for record in chosen], np.int64)
        ids = np.array([b"%08d" % row for row in range(len(chosen))])
        return PreprocessedExamples(np.concatenate(images), labels, ids)


def _as_example(image: bytes) -> bytes:
    value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
    return tf.train.Example(features=tf.train.Features(feature={IMAGE: value})).SerializeToString()


def _estimates(network: BuiltNetwork, target: TargetDomain) -> dict[str, float]:
    shots = network_outputs(network, target.shots.images)
    labels = target.shots.known_labels
    return {
        **{
            name: float("nan") if estimate.value is None else estimate.value
            for name, estimate in estimate_from_outputs(shots, labels).items()
        },
        SHOTS_ACCURACY: float(np.mean(np.argmax(shots.logits, axis=1) == labels)),
    }


def _accuracy(network: Network, judged: PreprocessedExamples) -> float:
    answers = np.argmax(network_outputs(network, judged.images).logits, axis=1)
    return float(np.mean(answers == judged.known_labels))
