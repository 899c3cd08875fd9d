"""Pretraining on the source domain: the `run_fn` of the pipeline's first Trainer."""

from __future__ import annotations

from functools import partial

import keras

from modules.arms import PRETRAINED
from modules.augmentation import augment_images
from modules.class_names import read_class_names
from modules.input_pipeline import ImagePreprocessor, index_examples, preprocess_examples
from modules.model_artifact import save_model
from modules.networks import build_network
from modules.objectives import SOURCE, CrossEntropy
from modules.optimizers import build_optimizer
from modules.precision import choose_precision, precision_policy
from modules.run_fn_arguments import (
    RunFnArguments,
    examples_uri,
    model_uri,
    open_training_run,
    read_settings,
)
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    TrainingSettings,
)
from modules.training_batches import BatchStream, batch_dataset
from modules.training_loop import TrainingLoop
from modules.training_record import TrainingRecord


def run_fn(fn_args: RunFnArguments) -> None:
    """Trains the network on the source's train split and fills Model and ModelRun artifacts.

    Args:
        fn_args: TFX's FnArgs, with `network`, `preprocessing`, `training` and `pretraining` as
            JSON and `seed` in its custom config. The eval split is not read.

    Raises:
        DataError: The examples cannot be read.
        TrainingError: The loss is not finite.
    """
    network_settings = read_settings(fn_args, "network", NetworkSettings)
    preprocessing = read_settings(fn_args, "preprocessing", PreprocessingSettings)
    pretraining = read_settings(fn_args, "pretraining", PretrainingSettings)
    training = read_settings(fn_args, "training", TrainingSettings)
    seed = int(fn_args.custom_config["seed"])
    precision = choose_precision(training.precision)
    class_names = read_class_names(examples_uri(fn_args))

    examples = preprocess_examples(
        index_examples(fn_args.train_files),
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
    keras.utils.set_random_seed(seed)
    with precision_policy(precision):
        network = build_network(network_settings, len(class_names))
    open_training_run(fn_args, precision)
    loop = TrainingLoop(
        network,
        CrossEntropy(SOURCE),
        build_optimizer(pretraining.learning_rate, pretraining.schedule, pretraining.steps),
        training,
        fn_args.model_run_dir,
    )
    outcome = loop.run(partial(batch_dataset, {SOURCE: stream}), pretraining.steps)
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
        labelled_examples=len(examples),
        seed=seed,
        metrics=outcome.losses,
    ).write(fn_args.model_run_dir)
