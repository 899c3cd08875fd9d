"""Pretraining on the source domain: the `run_fn` of the pipeline's first Trainer."""

from __future__ import annotations

from functools import partial

import keras

from modules.core.arms import PRETRAINED
from modules.core.class_names import read_class_names
from modules.examples.input_pipeline import (
    ImagePreprocessor,
    index_examples,
    matching_files,
    preprocess_examples,
)
from modules.images.augmentation import augment_images
from modules.models.artifact import save_model
from modules.networks.precision import choose_precision, precision_policy
from modules.networks.registry import build_network
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    TrainingSettings,
)
from modules.training.batches import BatchStream, batch_dataset
from modules.training.file_sharding import choose_files
from modules.training.jobs import PretrainingJob
from modules.training.loop import TrainingLoop
from modules.training.objectives import SOURCE, CrossEntropy
from modules.training.optimizers import build_optimizer
from modules.training.placement import TrainingPlacement
from modules.training.processes import train_on_workers, workers_to_start
from modules.training.record import TrainingRecord
from modules.training.run_fn_arguments import (
    RunFnArguments,
    examples_uri,
    model_uri,
    open_training_run,
    read_settings,
)


def run_fn(fn_args: RunFnArguments) -> None:
    """Trains the network on the source's train split and fills Model and ModelRun artifacts.

    Args:
        fn_args: TFX's FnArgs, with `network`, `preprocessing`, `training` and `pretraining` as
            JSON and `seed` in its custom config. The eval split is not read.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples cannot be read.
        TrainingError: The loss is not finite, or a worker was lost.
    """
    workers = workers_to_start(read_settings(fn_args, "training", TrainingSettings).workers)
    if workers > 1:
        train_on_workers(PretrainingJob.of(fn_args), workers)
        return
    batch_size = read_settings(fn_args, "pretraining", PretrainingSettings).batch_size
    pretrain(fn_args, TrainingPlacement.of_one_process(batch_size))


def pretrain(fn_args: RunFnArguments, placement: TrainingPlacement) -> None:
    """Does what `run_fn` does in this process, alone or as one of several workers.

    Args:
        fn_args: The run_fn's; the same for all workers.
        placement: Where the training runs.
    """
    network_settings = read_settings(fn_args, "network", NetworkSettings)
    preprocessing = read_settings(fn_args, "preprocessing", PreprocessingSettings)
    pretraining = read_settings(fn_args, "pretraining", PretrainingSettings)
    training = read_settings(fn_args, "training", TrainingSettings)
    seed = int(fn_args.custom_config["seed"])
    precision = choose_precision(training.precision)
    class_names = read_class_names(examples_uri(fn_args))

    files, by_file = choose_files(matching_files(fn_args.train_files), training.sharding, placement)
    examples = preprocess_examples(
        index_examples(files),
        ImagePreprocessor(fn_args.transform_graph_path),
        memory_cache_mib=training.memory_cache_mib,
    )
    stream = BatchStream(
        SOURCE,
        examples,
        pretraining.batch_size,
        seed,
        augment_images if preprocessing.augmentation == "robust" else None,
    )
    stream = stream.shared_by_file(placement) if by_file else stream.shared_by_data(placement)
    total = placement.sum_over_workers(len(examples)) if by_file else len(examples)
    open_training_run(fn_args, precision, placement)
    keras.utils.set_random_seed(seed)
    with placement.scope():
        with precision_policy(precision):
            network = build_network(network_settings, len(class_names))
        optimizer = build_optimizer(
            pretraining.learning_rate, pretraining.schedule, pretraining.steps
        )
    loop = TrainingLoop(
        network,
        CrossEntropy(SOURCE),
        optimizer,
        training,
        fn_args.model_run_dir,
        placement,
    )
    outcome = loop.run(partial(batch_dataset, {SOURCE: stream}), pretraining.steps)
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
            arm=PRETRAINED,
            steps=outcome.steps,
            seconds=outcome.seconds,
            examples_per_second=outcome.examples_per_second,
            precision=precision,
            labelled_examples=total,
            seed=seed,
            metrics=outcome.losses,
        ).write(fn_args.model_run_dir)
