"""Pretraining: a fresh network learns the source domain's train split."""

from __future__ import annotations

import tensorflow as tf

from modules.core.arms import PRETRAINED
from modules.core.errors import DataError
from modules.core.hashing import hash_file
from modules.examples.input_pipeline import (
    ImagePreprocessor,
    index_examples,
    matching_files,
    preprocess_examples,
)
from modules.examples.turned_classes import TURNS, with_turned_classes
from modules.images.augmentation_registry import find_augmentation
from modules.models.training_domain import count_classes
from modules.settings.plans import PretrainingPlan
from modules.training.batches import BatchStream
from modules.training.file_sharding import choose_files
from modules.training.jobs import PretrainingJob, train_split
from modules.training.objectives import SOURCE, CrossEntropy
from modules.training.placement import TrainingPlacement
from modules.training.record import FIRST_PASS_STEPS
from modules.training.session import Budget, TrainingSession


def pretrain(job: PretrainingJob, placement: TrainingPlacement) -> None:
    """Trains on the source in this process, alone or as one of several workers.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples, or the weights to start from, cannot be read.
        TrainingError: The loss is not finite, or the workers do not train the same.
    """
    plan, session = job.plan, TrainingSession(job, placement)
    _check_weights_file(plan)
    split = matching_files([f"{train_split(job.examples)}/*"])
    files, by_file = choose_files(split, plan.training.sharding, placement)
    examples = preprocess_examples(
        index_examples(files),
        ImagePreprocessor(job.transform_graph),
        memory_cache_mib=plan.training.memory_cache_mib,
    )
    labelled = placement.sum_over_workers(len(examples)) if by_file else len(examples)
    settings, classes, labels = plan.pretraining, len(session.class_names), examples.known_labels
    if settings.turned_classes:
        examples = with_turned_classes(examples, classes)
    stream = BatchStream(
        SOURCE,
        examples,
        settings.batch_size,
        plan.seed,
        find_augmentation(plan.preprocessing),
    )
    stream = stream.shared_by_file(placement) if by_file else stream.shared_by_data(placement)
    session.open_run()
    network = session.new_network(TURNS * classes if settings.turned_classes else classes)
    budget = Budget(
        settings.steps,
        settings.learning_rate,
        settings.schedule,
        settings.optimizer,
        early_stopping=settings.early_stopping,
    )
    objective = CrossEntropy(SOURCE, settings.label_smoothing)
    outcome = session.fit(network, objective, {SOURCE: stream}, budget)
    if settings.turned_classes:
        network = network.with_first_classes(classes)
    metrics, facts = {}, None if by_file else count_classes(labels, classes)
    if not (by_file or settings.turned_classes):
        metrics[FIRST_PASS_STEPS] = min(outcome.steps, labelled // settings.batch_size)
    session.save(
        network, PRETRAINED, outcome, labelled_examples=labelled, metrics=metrics, facts=facts
    )


def _check_weights_file(plan: PretrainingPlan) -> None:
    path = plan.network.weights_file
    if path and plan.weights_checksum:
        found = hash_file(path) if tf.io.gfile.exists(path) else "no file"
        if found != plan.weights_checksum:
            raise DataError(
                path,
                expected=f"the weights with SHA-256 {plan.weights_checksum[:12]} that the run was "
                "planned with",
                found=found[:12],
                fix="Put the file back, or plan the run again.",
            )
