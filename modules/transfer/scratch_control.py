"""The scratch control: what the target's labels are worth without a warm start."""

from __future__ import annotations

from functools import partial

from modules.core.arms import SCRATCH
from modules.domains.label_space import LabelSpace
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import ImagePreprocessor, PreprocessedExamples
from modules.models.served_classes import ServedClasses
from modules.networks.network import Network
from modules.networks.precision import choose_precision
from modules.settings.plans import TransferPlan
from modules.training.batches import BatchStream, batch_dataset
from modules.training.jobs import ScratchJob
from modules.training.loop import TrainingOutcome
from modules.training.objectives import TARGET, CrossEntropy
from modules.training.placement import TrainingPlacement
from modules.training.session import Budget, TrainingSession, fit, new_network
from modules.transfer.data import TrainSplit
from modules.transfer.start import follow_model


def train_control(job: ScratchJob, placement: TrainingPlacement) -> None:
    """Trains a fresh network on the labelled shots of the warm start, for as many steps.

    Without shots there is nothing to train on: the untrained network is the control, recorded with
    0 steps.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples cannot be read, or a class has too few.
        TrainingError: The loss is not finite, or the workers do not train the same.
    """
    plan, session = follow_model(job.plan, job.base_model), TrainingSession(job, placement)
    preprocessor = ImagePreprocessor(job.transform_graph)
    target = TrainSplit.open(job.examples, preprocessor, plan.training.memory_cache_mib)
    index = target.index
    space = LabelSpace.of_target(session.class_names)
    rows = draw_shots(
        index.labels, index.example_ids, plan.shots, plan.seed, space.target, groups=index.groups
    )
    shots = None
    if len(rows):
        shots = target.preprocess(rows).relabelled(space.target_rows)
        session.open_run()
    classes = len(space.classes)
    network, outcome = train_from_scratch(plan, shots, classes, job.model_run, placement)
    session.save(
        network,
        SCRATCH,
        outcome,
        labelled_examples=len(rows),
        example_ids=index.example_ids[rows].tolist(),
        classes=ServedClasses(space.classes, space.target),
        network_settings=plan.network,
    )


def train_from_scratch(
    plan: TransferPlan,
    shots: PreprocessedExamples | None,
    num_classes: int,
    run_directory: str,
    placement: TrainingPlacement | None = None,
) -> tuple[Network, TrainingOutcome]:
    """Trains a fresh network on labelled target examples alone.

    Args:
        plan: The warm start's plan; the control has a learning rate of its own.
        shots: The labelled examples, with labels in [0, K); None leaves the network untrained.
        num_classes: K.
        run_directory: For TensorBoard's files and the rolling checkpoints.
        placement: Where the training runs. Defaults to one device.

    Returns:
        The network, and how the training went.

    Raises:
        TrainingError: The loss is not finite.
    """
    placement = placement or TrainingPlacement.of_one_device()
    precision = choose_precision(plan.training.precision)
    network = new_network(plan.network, num_classes, plan.seed, precision, placement)
    if shots is None:
        return network, TrainingOutcome.untrained()
    transfer = plan.transfer
    stream = BatchStream(TARGET, shots, transfer.batch_size, plan.seed).shared_by_data(placement)
    budget = Budget(
        transfer.steps,
        transfer.scratch_learning_rate,
        transfer.schedule,
        transfer.optimizer,
        early_stopping=transfer.early_stopping,
    )
    outcome = fit(
        network,
        CrossEntropy(TARGET),
        partial(batch_dataset, {TARGET: stream}),
        budget,
        plan.training,
        run_directory,
        placement,
    )
    return network, outcome
