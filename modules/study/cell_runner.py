"""Runs a study's cells one after the other, on data that are read and preprocessed once."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from typing import TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from modules.core.arms import SCRATCH
from modules.core.class_names import read_class_names
from modules.core.example_features import EVAL_SPLIT
from modules.domains.label_space import LabelSpace
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import (
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from modules.models.artifact import check_model
from modules.networks.network import Network
from modules.networks.outputs import network_outputs
from modules.settings.plans import TransferPlan
from modules.study.cells import PROBE, Cell, CellResult
from modules.training.placement import TrainingPlacement
from modules.training.resumption import training_identity
from modules.transfer.data import TrainSplit, select_transfer_data
from modules.transfer.label_relations import refuse_label_relation
from modules.transfer.method_choice import choose_method
from modules.transfer.pretrained_arm import probe_network
from modules.transfer.scratch_control import train_from_scratch
from modules.transfer.start import follow_model, start_class_names
from modules.transfer.warm_start import WarmStart

# A network, and which of its logits are the target's classes, int64 [K].
_Trained: TypeAlias = tuple[Network, npt.NDArray[np.int64]]


@dataclass(frozen=True)
class StudyInputs:
    """What all cells of a study have in common.

    Attributes:
        plan: The trainings' plan. Each cell sets its own method, shots and seed.
        target_examples: Root of the target's Examples artifact.
        source_examples: Root of the source's Examples artifact, if there is a source.
        transform_graph: The TransformGraph artifact.
        base_model: Root of the pretrained Model artifact.
    """

    plan: TransferPlan
    target_examples: str
    source_examples: str | None
    transform_graph: str
    base_model: str

    def identity(self) -> str:
        """Sums up settings, code and data as SHA-256 in hexadecimal."""
        # Each cell has its own method; but options are those of the method that the plan names.
        method = set() if self.plan.transfer.options else {"method"}
        return training_identity(
            self.plan.model_dump(mode="json", exclude={"shots": True, "transfer": method}),
            [
                self.target_examples,
                *([self.source_examples] if self.source_examples else []),
                self.transform_graph,
                self.base_model,
            ],
        )

    @property
    def space(self) -> LabelSpace:
        """Classes of both domains; without a source, of the model and the target."""
        return LabelSpace.of(
            start_class_names(self.source_examples, self.base_model),
            read_class_names(self.target_examples),
        )

    def refuse(self, cell: Cell) -> None:
        """Raises an error if the classes of the two domains do not allow a cell.

        Raises:
            ConfigError: The method cannot do their relation, or there are new classes and no shots.
        """
        if cell.method in (SCRATCH, PROBE):
            return
        has_source = self.source_examples is not None
        # How many images there are decides between methods that can both do the classes.
        choice = choose_method(cell.method, self.space, cell.shots, 0, has_source)
        transfer = self.plan_of(cell).with_method(choice.method).transfer
        refuse_label_relation(self.space, transfer, cell.shots, has_source)

    def plan_of(self, cell: Cell) -> TransferPlan:
        """Returns the plan of one cell."""
        plan, steps = follow_model(self.plan, self.base_model), self.plan.transfer.steps
        # Checkpoints serve an interrupted training; a study keeps whole cells.
        training = {"checkpoint_every_steps": steps, "summary_every_steps": steps}
        changes = {
            "training": plan.training.model_copy(update=training),
            "shots": cell.shots,
            "seed": plan.seed + cell.repeat,
        }
        if cell.method not in (SCRATCH, PROBE):
            plan = plan.with_method(cell.method)
        return plan.model_copy(update=changes)


class CellRunner:
    """Trains and evaluates cells, the same way as the pipeline's components do.

    A repeat's seed draws the shots, the source's sample and the batches, and initialises what is
    new. The pretrained model is the same in all repeats.

    Args:
        inputs: What the cells have in common.

    Raises:
        DataError: Something cannot be read, or the pretrained model was changed.
    """

    def __init__(self, inputs: StudyInputs) -> None:
        check_model(inputs.base_model)
        self._inputs = inputs
        self._space = inputs.space
        self._target_alone = LabelSpace.of_target(read_class_names(inputs.target_examples))
        preprocessor = ImagePreprocessor(inputs.transform_graph)
        memory = inputs.plan.training.memory_cache_mib
        self._target, *sources = (
            TrainSplit.open(examples, preprocessor, memory).preprocessed()
            for examples in (inputs.target_examples, inputs.source_examples)
            if examples is not None
        )
        self._source = sources[0] if sources else None
        self._eval = preprocess_examples(
            index_examples([f"{inputs.target_examples}/Split-{EVAL_SPLIT}/*"]),
            preprocessor,
            memory_cache_mib=memory,
        )

    def run(self, cell: Cell) -> CellResult:
        """Trains and evaluates one cell.

        Raises:
            ConfigError: Method, shots and classes do not fit each other.
            DataError: A class has too few examples.
            TrainingError: The loss is not finite.
        """
        started = time.perf_counter()
        plan = self._inputs.plan_of(cell)
        with tempfile.TemporaryDirectory() as run_directory:
            train = {SCRATCH: self._train_from_scratch, PROBE: self._probe}.get(
                cell.method, self._warm_start
            )
            network, columns = train(plan, run_directory)
        logits = network_outputs(network, self._eval.images).logits[:, columns]
        correct = int(np.sum(np.argmax(logits, axis=-1) == self._eval.known_labels))
        # The graphs of hundreds of cells would stay in memory.
        keras.utils.clear_session()
        return CellResult(cell, correct, len(self._eval), time.perf_counter() - started)

    def _warm_start(self, plan: TransferPlan, run_directory: str) -> _Trained:
        space, here = self._space, TrainingPlacement.of_one_device()
        images = len(self._target.index)
        has_source = self._source is not None
        choice = choose_method(plan.transfer.method, space, plan.shots, images, has_source)
        plan = plan.with_method(choice.method)
        refuse_label_relation(space, plan.transfer, plan.shots, has_source)
        warm_start = WarmStart(plan, self._inputs.base_model, space, here)
        data = select_transfer_data(plan, self._target, self._source, space)
        network, _ = warm_start.restore_with_new_classes(data.shots)
        warm_start.fit(network, data, run_directory)
        return network, space.target_rows

    def _train_from_scratch(self, plan: TransferPlan, run_directory: str) -> _Trained:
        space = self._target_alone
        shots = self._shots(plan, space)
        network, _ = train_from_scratch(plan, shots, len(space.classes), run_directory)
        return network, space.target_rows

    def _probe(self, plan: TransferPlan, run_directory: str) -> _Trained:
        del run_directory  # nothing to resume
        space = self._space
        network = probe_network(self._inputs.base_model, space, self._shots(plan, space))
        return network, np.searchsorted(np.sort(space.target_rows), space.target_rows)

    def _shots(self, plan: TransferPlan, space: LabelSpace) -> PreprocessedExamples:
        index = self._target.index
        rows = draw_shots(
            index.labels,
            index.example_ids,
            plan.shots,
            plan.seed,
            space.target,
            groups=index.groups,
        )
        return self._target.preprocess(rows).relabelled(space.target_rows)
