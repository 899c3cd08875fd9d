"""One training, whatever is trained: fresh network, loop with its optimizer, saved artifacts.

Pretraining, scratch control, warm start, a study's cells and the benchmarks all train through this
file; they differ in network, objective and streams.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras

from modules.core.class_names import read_class_names
from modules.models.artifact import save_model
from modules.models.served_classes import ServedClasses
from modules.networks.layer_depths import learning_rate_factors
from modules.networks.network import Network
from modules.networks.precision import choose_precision, precision_policy
from modules.networks.registry import BuiltNetwork, build_network
from modules.settings import (
    EarlyStoppingSettings,
    NetworkSettings,
    OptimizerSettings,
    Schedule,
    TrainingSettings,
)
from modules.training.batches import BatchStream, batch_dataset
from modules.training.early_stopping import EarlyStopping
from modules.training.jobs import TrainingJob
from modules.training.loop import MakeBatches, TrainingLoop, TrainingOutcome
from modules.training.objectives import Objective
from modules.training.optimizers import build_optimizer
from modules.training.placement import TrainingPlacement
from modules.training.record import TrainingRecord
from modules.training.resumption import open_run_directory, training_identity


@dataclass(frozen=True)
class Budget:
    """How long and how fast a network learns.

    Attributes:
        steps: Training steps.
        learning_rate: The optimizer's, in the first step.
        schedule: How the learning rate changes.
        optimizer: What makes steps of gradients.
        layer_decay: Factor of the learning rate from stage to stage, away from the logits.
        early_stopping: When it ends before its last step; None takes all steps.
    """

    steps: int
    learning_rate: float
    schedule: Schedule
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    layer_decay: float = 1.0
    early_stopping: EarlyStoppingSettings | None = None


def new_network(
    settings: NetworkSettings,
    num_classes: int,
    seed: int,
    precision: str,
    placement: TrainingPlacement | None = None,
) -> BuiltNetwork:
    """Builds a network with weights that the seed alone decides.

    Args:
        num_classes: K.
        seed: Seed of the weights and of dropout.
        precision: A Keras dtype policy.
        placement: Where the network is going to be trained. Defaults to one device.
    """
    placement = placement or TrainingPlacement.of_one_device()
    keras.utils.set_random_seed(seed)
    with placement.scope(), precision_policy(precision):
        return build_network(settings, num_classes)


def fit(
    network: Network,
    objective: Objective,
    make_batches: MakeBatches,
    budget: Budget,
    settings: TrainingSettings,
    run_directory: str,
    placement: TrainingPlacement | None = None,
) -> TrainingOutcome:
    """Trains a network, resuming where `run_directory` holds checkpoints of the same training.

    Args:
        network: Changed in place.
        objective: What is minimised, already prepared.
        make_batches: Gives this worker's batches of any range of steps, such as `batch_dataset`
            with its streams bound.
        budget: Steps and learning rate.
        run_directory: For TensorBoard's files and the rolling checkpoints.
        placement: Where the network is. Defaults to one device.

    Raises:
        TrainingError: The loss is not finite.

    Example:
        >>> stream = BatchStream("source", examples, batch_size=100, seed=0)
        >>> outcome = fit(
        ...     new_network(NetworkSettings(), 10, seed=0, precision="float32"),
        ...     CrossEntropy("source"), partial(batch_dataset, {"source": stream}),
        ...     Budget(800, 1e-3, "cosine"), TrainingSettings(), "/tmp/run",
        ... )
    """
    placement = placement or TrainingPlacement.of_one_device()
    with placement.scope():
        optimizer = build_optimizer(
            budget.learning_rate,
            budget.schedule,
            budget.steps,
            budget.optimizer,
            learning_rate_factors(network, budget.layer_decay) if budget.layer_decay < 1 else (),
        )
    stopping = EarlyStopping(budget.early_stopping) if budget.early_stopping else None
    loop = TrainingLoop(network, objective, optimizer, settings, run_directory, placement, stopping)
    return loop.run(make_batches, budget.steps)


@dataclass(frozen=True)
class TrainingSession:
    """The frame of a training that fills artifacts, the same on all of its workers.

    Attributes:
        precision: The Keras dtype policy to train in. Defaults to what `training.precision` means
            on this machine.
        class_names: Of the domain that is learnt, in label order.
    """

    job: TrainingJob
    placement: TrainingPlacement
    precision: str = ""
    class_names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        precision = self.precision or choose_precision(self.job.plan.training.precision)
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "class_names", read_class_names(self.job.examples))

    def new_network(self, classes: int) -> BuiltNetwork:
        """Builds the plan's network with fresh weights."""
        plan = self.job.plan
        return new_network(plan.network, classes, plan.seed, self.precision, self.placement)

    def open_run(self) -> None:
        """Makes the ModelRun artifact hold what an interrupted attempt has left, or nothing.

        The chief does; the other workers wait for it.

        Raises:
            TrainingError: The workers do not train the same.
        """
        settings = {
            "plan": self.job.plan.model_dump(mode="json"),
            "precision": self.precision,
            "workers": self.placement.workers,
        }
        if self.placement.is_chief:
            identity = training_identity(settings, self.job.inputs)
            open_run_directory(self.job.model_run, identity)
        self.placement.check_agreement(
            "settings, code or precision", json.dumps(settings, sort_keys=True)
        )

    def fit(
        self,
        network: Network,
        objective: Objective,
        streams: Mapping[str, BatchStream],
        budget: Budget,
    ) -> TrainingOutcome:
        """Trains a network of `new_network` on this worker's streams; see `fit` of this module."""
        training, run = self.job.plan.training, self.job.model_run
        batches = partial(batch_dataset, streams)
        return fit(network, objective, batches, budget, training, run, self.placement)

    def save(
        self,
        network: Network,
        arm: str,
        outcome: TrainingOutcome,
        *,
        labelled_examples: int,
        example_ids: Sequence[bytes] = (),
        classes: ServedClasses | None = None,
        network_settings: NetworkSettings | None = None,
        metrics: Mapping[str, float] | None = None,
        transfer: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Fills the Model artifact, then writes the record that makes the training complete.

        Args:
            network: The trained network; all workers must hold the same weights.
            arm: `pretrained`, `scratch` or `warm_start`.
            outcome: How the training went.
            labelled_examples: Labelled examples of the arm's own domain that were used.
            example_ids: Their ids, ascending, for the arms on the target domain.
            classes: Of the network's logits and of the signatures. Defaults to `class_names`.
            network_settings: The network's, where they are not the plan's.
            metrics: Further scalars for the record.
            transfer: The transfer method, why it was chosen and the start, for the record.
            facts: What the model is to record of its training, as JSON values.

        Raises:
            TrainingError: The workers hold different weights.
        """
        self.placement.check_weights(network.named_variables)
        if not self.placement.is_chief:
            return
        job = self.job
        settings = network_settings or job.plan.network
        classes = classes or ServedClasses.all_of(self.class_names)
        save_model(network, settings, classes, job.transform_graph, job.model, facts)
        TrainingRecord(
            arm=arm,
            steps=outcome.steps,
            stopped=outcome.stopped,
            seconds=outcome.seconds,
            examples_per_second=outcome.examples_per_second,
            precision=self.precision,
            labelled_examples=labelled_examples,
            labelled_example_ids=[value.decode() for value in example_ids],
            seed=job.plan.seed,
            metrics={**(metrics or {}), **outcome.facts, **outcome.losses},
            transfer=dict(transfer or {}),
        ).write(job.model_run)
