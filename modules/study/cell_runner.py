"""Runs cells of a study one after the other on data that are read and preprocessed once."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass

import keras
import numpy as np

from modules.core.arms import SCRATCH
from modules.core.class_names import read_class_names
from modules.core.example_features import EVAL_SPLIT
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.models.artifact import check_model
from modules.networks.network import Network
from modules.networks.outputs import network_outputs
from modules.scratch_training import train_from_scratch
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    TrainingSettings,
    TransferSettings,
)
from modules.study.cells import Cell, CellResult
from modules.training.resumption import training_identity
from modules.transfer.data import TrainSplit, select_transfer_data
from modules.transfer.warm_start import WarmStart


@dataclass(frozen=True)
class StudyInputs:
    """What all cells of a study have in common.

    Attributes:
        target_examples: Root of the target's Examples artifact.
        source_examples: Root of the source's.
        transform_graph: The TransformGraph artifact.
        base_model: Root of the pretrained Model artifact.
        network: The network's settings.
        preprocessing: Says whether labelled images are distorted while training.
        training: What all trainings share.
        transfer: Budget and settings of the methods; its own method does not count.
        seed: Of repeat 0.
        source_fingerprint: Stands for the code.
    """

    target_examples: str
    source_examples: str
    transform_graph: str
    base_model: str
    network: NetworkSettings
    preprocessing: PreprocessingSettings
    training: TrainingSettings
    transfer: TransferSettings
    seed: int
    source_fingerprint: str

    def identity(self) -> str:
        """Sums up settings, code and data, SHA-256 in hexadecimal."""
        transfer = self.transfer.model_dump(mode="json", exclude={"method"})
        settings = {
            name: getattr(self, name).model_dump(mode="json")
            for name in ("network", "preprocessing", "training")
        }
        return training_identity(
            {
                **settings,
                "transfer": transfer,
                "seed": self.seed,
                "source_fingerprint": self.source_fingerprint,
            },
            [self.target_examples, self.source_examples, self.transform_graph, self.base_model],
        )


class CellRunner:
    """Trains and evaluates cells, the same way as the pipeline's components do.

    A repeat's seed draws the shots, the source's sample and the batches, and initialises what is
    new; the pretrained model is the same in all repeats.

    Args:
        inputs: What the cells have in common.

    Raises:
        DataError: Something cannot be read, or the pretrained model was changed.
    """

    def __init__(self, inputs: StudyInputs) -> None:
        check_model(inputs.base_model)
        self._inputs = inputs
        # Checkpoints serve an interrupted training; here a cell is the unit that is kept.
        self._training = inputs.training.model_copy(
            update={
                "checkpoint_every_steps": inputs.transfer.steps,
                "summary_every_steps": inputs.transfer.steps,
            }
        )
        self._class_names = read_class_names(inputs.target_examples)
        preprocessor = ImagePreprocessor(inputs.transform_graph)
        memory = inputs.training.memory_cache_mib
        self._target, self._source = (
            TrainSplit.open(examples, preprocessor, memory).preprocessed()
            for examples in (inputs.target_examples, inputs.source_examples)
        )
        self._eval = preprocess_examples(
            index_examples([f"{inputs.target_examples}/Split-{EVAL_SPLIT}/*"]),
            preprocessor,
            memory_cache_mib=memory,
        )

    def run(self, cell: Cell) -> CellResult:
        """Trains and evaluates one cell.

        Args:
            cell: Which one.

        Returns:
            What came of it.

        Raises:
            ConfigError: Method, shots and classes do not go together.
            DataError: A class has too few examples.
            TrainingError: The loss is not finite.
        """
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as run_directory:
            train = self._train_from_scratch if cell.method == SCRATCH else self._warm_start
            network = train(cell, run_directory)
        logits = network_outputs(network, self._eval.images).logits
        correct = int(np.sum(np.argmax(logits, axis=-1) == self._eval.known_labels))
        # The graphs of hundreds of cells would stay in memory.
        keras.utils.clear_session()
        return CellResult(cell, correct, len(self._eval), time.perf_counter() - started)

    def _warm_start(self, cell: Cell, run_directory: str) -> Network:
        inputs = self._inputs
        job = WarmStart(
            target_examples=inputs.target_examples,
            source_examples=inputs.source_examples,
            transform_graph=inputs.transform_graph,
            base_model=inputs.base_model,
            network=inputs.network,
            preprocessing=inputs.preprocessing,
            training=self._training,
            transfer=inputs.transfer.model_copy(update={"method": cell.method}),
            shots=cell.shots,
            seed=inputs.seed + cell.repeat,
            source_fingerprint=inputs.source_fingerprint,
        )
        job.refuse_other_classes(self._class_names)
        network, _ = job.restore_network(self._class_names)
        data = select_transfer_data(
            self._target, self._source, job.transfer, job.shots, job.seed, self._class_names
        )
        job.train_network(network, data, self._class_names, run_directory)
        return network

    def _train_from_scratch(self, cell: Cell, run_directory: str) -> Network:
        inputs, index = self._inputs, self._target.index
        seed = inputs.seed + cell.repeat
        rows = draw_shots(index.labels, index.example_ids, cell.shots, seed, self._class_names)
        network, _ = train_from_scratch(
            inputs.network,
            inputs.transfer,
            self._training,
            self._target.preprocess(rows),
            len(self._class_names),
            seed,
            run_directory,
        )
        return network
