"""The scratch control: the target's training without a warm start, as a Trainer's `run_fn`."""

from __future__ import annotations

from functools import partial

import keras

from modules.core.arms import SCRATCH
from modules.core.class_names import read_class_names
from modules.examples.few_shot import draw_shots
from modules.examples.input_pipeline import (
    ImagePreprocessor,
    PreprocessedExamples,
    index_examples,
    preprocess_examples,
)
from modules.models.artifact import save_model
from modules.networks.precision import choose_precision, precision_policy
from modules.networks.registry import build_network
from modules.settings import NetworkSettings, TrainingSettings, TransferSettings
from modules.training.batches import BatchStream, batch_dataset
from modules.training.jobs import ScratchJob
from modules.training.loop import TrainingLoop, TrainingOutcome
from modules.training.objectives import TARGET, CrossEntropy
from modules.training.optimizers import build_optimizer
from modules.training.placement import TrainingPlacement
from modules.training.processes import train_on_workers, workers_to_start
from modules.training.record import TrainingRecord
from modules.training.run_fn_arguments import (
    RunFnArguments,
    examples_uri,
    model_uri,
    open_training_run,
    parse_shots,
    read_settings,
)


def run_fn(fn_args: RunFnArguments) -> None:
    """Trains a new network on the labelled shots that the warm start gets, for as many steps.

    Without shots there is nothing to train on: the untrained network is the control, recorded with
    0 steps.

    Args:
        fn_args: TFX's FnArgs of the target domain, with `network`, `training` and `transfer` as
            JSON, `shots` and `seed` in its custom config. The eval split is not read.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples cannot be read, or a class has too few.
        TrainingError: The loss is not finite, or a worker was lost.
    """
    workers = workers_to_start(read_settings(fn_args, "training", TrainingSettings).workers)
    if workers > 1:
        train_on_workers(ScratchJob.of(fn_args), workers)
        return
    batch_size = read_settings(fn_args, "transfer", TransferSettings).batch_size
    train_control(fn_args, TrainingPlacement.of_one_process(batch_size))


def train_control(fn_args: RunFnArguments, placement: TrainingPlacement) -> None:
    """Does what `run_fn` does in this process, alone or as one of several workers.

    Args:
        fn_args: The run_fn's; the same for all workers.
        placement: Where the training runs.
    """
    network_settings = read_settings(fn_args, "network", NetworkSettings)
    transfer = read_settings(fn_args, "transfer", TransferSettings)
    training = read_settings(fn_args, "training", TrainingSettings)
    seed = int(fn_args.custom_config["seed"])
    precision = choose_precision(training.precision)
    class_names = read_class_names(examples_uri(fn_args))

    index = index_examples(fn_args.train_files)
    shots = parse_shots(fn_args.custom_config["shots"])
    rows = draw_shots(index.labels, index.example_ids, shots, seed, class_names)
    examples = None
    if len(rows):
        examples = preprocess_examples(
            index,
            ImagePreprocessor(fn_args.transform_graph_path),
            memory_cache_mib=training.memory_cache_mib,
            rows=rows,
        )
        open_training_run(fn_args, precision, placement)
    network, outcome = train_from_scratch(
        network_settings,
        transfer,
        training,
        examples,
        len(class_names),
        seed,
        fn_args.model_run_dir,
        placement,
    )
    placement.check_weights(network.named_variables)
    if placement.is_chief:
        save_model(
            network,
            network_settings,
            class_names,
            fn_args.transform_graph_path,
            model_uri(fn_args),
        )
        TrainingRecord(
            arm=SCRATCH,
            steps=outcome.steps,
            seconds=outcome.seconds,
            examples_per_second=outcome.examples_per_second,
            precision=precision,
            labelled_examples=len(rows),
            labelled_example_ids=[value.decode() for value in index.example_ids[rows]],
            seed=seed,
            metrics=outcome.losses,
        ).write(fn_args.model_run_dir)


def train_from_scratch(
    network_settings: NetworkSettings,
    transfer: TransferSettings,
    training: TrainingSettings,
    shots: PreprocessedExamples | None,
    num_classes: int,
    seed: int,
    run_directory: str,
    placement: TrainingPlacement | None = None,
) -> tuple[keras.Model, TrainingOutcome]:
    """Trains a new network on labelled target examples alone.

    Args:
        network_settings: What is built.
        transfer: The warm start's budget, and this control's learning rate.
        training: What all trainings share.
        shots: The labelled examples; None leaves the network untrained.
        num_classes: K.
        seed: Of the initial weights and the batches.
        run_directory: For TensorBoard's files and the rolling checkpoints.
        placement: Where the training runs; None is this process, on one device.

    Returns:
        The network, and how the training went.

    Raises:
        TrainingError: The loss is not finite.
    """
    placement = placement or TrainingPlacement.of_one_device()
    keras.utils.set_random_seed(seed)
    with placement.scope(), precision_policy(choose_precision(training.precision)):
        network = build_network(network_settings, num_classes)
    if shots is None:
        return network, TrainingOutcome.untrained()
    stream = BatchStream(TARGET, shots, transfer.batch_size, seed).shared_by_data(placement)
    with placement.scope():
        optimizer = build_optimizer(
            transfer.scratch_learning_rate, transfer.schedule, transfer.steps
        )
    loop = TrainingLoop(
        network, CrossEntropy(TARGET), optimizer, training, run_directory, placement
    )
    return network, loop.run(partial(batch_dataset, {TARGET: stream}), transfer.steps)
