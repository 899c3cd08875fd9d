"""The training on the target domain that starts from a pretrained model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial

import keras
import tensorflow as tf

from modules.core.arms import WARM_START
from modules.core.atomic_files import write_atomically
from modules.core.class_names import read_class_names
from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import ImagePreprocessor, PreprocessedExamples
from modules.images.augmentation_registry import find_augmentation
from modules.models.artifact import check_model, checkpoint_dir, saved_model_dir
from modules.models.checkpointing import read_network_settings, warm_start_network
from modules.models.mapping_report import MappingReport
from modules.models.served_classes import ServedClasses
from modules.networks.network import Network
from modules.networks.precision import choose_precision, precision_policy
from modules.networks.registry import build_network, freeze_layers
from modules.networks.restored_graph import RestoredGraph
from modules.settings import NetworkSettings
from modules.settings.plans import TransferPlan
from modules.settings.transfer import AUTO, FRESH
from modules.training.batches import BatchStream, batch_dataset
from modules.training.jobs import WarmStartJob
from modules.training.loop import TrainingOutcome
from modules.training.objectives import SOURCE, UNLABELLED, Objective, Preparation
from modules.training.placement import TrainingPlacement
from modules.training.processes import train_job
from modules.training.session import Budget, TrainingSession, fit
from modules.transfer.class_masks import MaskedObjective, class_masks
from modules.transfer.data import TrainSplit, TransferData, select_transfer_data
from modules.transfer.label_relations import refuse_label_relation
from modules.transfer.labels.refusal import refuse_permuted_labels
from modules.transfer.method import TransferMethod
from modules.transfer.method_choice import choose_method
from modules.transfer.methods import TRANSFER_METHODS, MethodContext, create_transfer_method
from modules.transfer.new_classes import begin_new_classes
from modules.transfer.pretrained_arm import write_pretrained_arm
from modules.transfer.proof import prove_warm_start
from modules.transfer.served.start import choose_start
from modules.transfer.start import follow_model, start_class_names, unknown_classes
from modules.transfer.transferability.estimates import (
    estimate_transferability,
    labelled_outputs,
    write_transferability,
)

MAPPING_REPORT_FILE = "mapping_report.json"


@dataclass(frozen=True)
class WarmStart:
    """One way to carry one trained model over to the target's classes.

    Attributes:
        plan: Method, way of restoring, budget and seed.
        base_model: Root of the Model artifact to start from: the pretrained or the served one.
        space: Classes of both domains.
        placement: Where the training runs.
    """

    plan: TransferPlan
    base_model: str
    space: LabelSpace
    placement: TrainingPlacement

    @property
    def method(self) -> type[TransferMethod]:
        """The transfer method."""
        return TRANSFER_METHODS.find(self.plan.transfer.method)

    @property
    def precision(self) -> str:
        """The Keras dtype policy; a saved graph computes in float32, as it was exported."""
        if self.plan.transfer.restore == "graph":
            return "float32"
        return choose_precision(self.plan.training.precision)

    @property
    def network_settings(self) -> NetworkSettings:
        """The network's settings; a saved graph brings its own."""
        if self.plan.transfer.restore == "graph":
            return read_network_settings(checkpoint_dir(self.base_model))
        return self.plan.network

    @property
    def served_classes(self) -> ServedClasses:
        """Classes of the network and of its signatures: where they differ, the source has one."""
        space = self.space
        if space.relation == "same":
            return ServedClasses.all_of(space.target)
        return ServedClasses(space.classes, space.target, space.source)

    def restore(self) -> tuple[Network, MappingReport]:
        """Makes a network with the restored weights, in the way that `transfer.restore` names.

        Returns:
            The network, with its frozen layers, and what was restored.

        Raises:
            WarmStartMappingError: Checkpoint and network differ more than was announced.
        """
        transfer = self.plan.transfer
        keras.utils.set_random_seed(self.plan.seed)
        network: Network
        if transfer.restore == "graph":
            with self.placement.scope():
                network = RestoredGraph(saved_model_dir(self.base_model), transfer.frozen_layers)
        else:
            with self.placement.scope(), precision_policy(self.precision):
                built = build_network(
                    self.plan.network, len(self.space.classes), fixed_statistics=True
                )
            freeze_layers(built, transfer.frozen_layers)
            network = built
        report = warm_start_network(
            network,
            checkpoint_dir(self.base_model),
            expected_missing=transfer.expected_missing,
            expected_mismatched=transfer.expected_mismatched,
            class_names=self.space.classes,
        )
        return network, report

    def restore_with_new_classes(
        self, shots: PreprocessedExamples | None
    ) -> tuple[Network, MappingReport]:
        """Does what `restore` does, then begins the logits of new classes as the settings say.

        Args:
            shots: Labelled examples of every target class; None without labels.

        Raises:
            WarmStartMappingError: Checkpoint and network differ more than was announced.
        """
        network, report = self.restore()
        begin = self.plan.transfer.new_classes
        if shots is None or begin == FRESH:
            return network, report
        if unknown_classes(self.base_model, self.space):
            report = begin_new_classes(begin, network, self.space, shots, report)
        return network, report

    def fit(self, network: Network, data: TransferData, run_directory: str) -> TrainingOutcome:
        """Trains a restored network with the method, if the method trains at all.

        Args:
            network: Of `restore_with_new_classes`; changed in place.
            data: What the method needs.
            run_directory: For TensorBoard's files and the rolling checkpoints.

        Returns:
            How the training went.

        Raises:
            TrainingError: The loss is not finite.
        """
        if not self.method.trains():
            return TrainingOutcome.untrained()
        transfer = self.plan.transfer
        # By data: a method prepares itself on all examples and must know which is which.
        streams = {
            name: self._stream(name, data).shared_by_data(self.placement) for name in data.streams
        }
        with self.placement.scope():
            method = self._objective(network)
        copy = partial(self.restore_with_new_classes, data.shots)
        method.prepare(Preparation(network, data.streams, lambda: copy()[0]))
        budget = Budget(
            transfer.steps,
            transfer.learning_rate,
            transfer.schedule,
            transfer.optimizer,
            transfer.layer_decay,
            transfer.early_stopping,
        )
        batches, training = partial(batch_dataset, streams), self.plan.training
        return fit(network, method, batches, budget, training, run_directory, self.placement)

    def _objective(self, network: Network) -> Objective:
        transfer, classes = self.plan.transfer, len(self.space.classes)
        context = MethodContext(transfer, classes, network.feature_dim, self.plan.seed)
        method = create_transfer_method(transfer.method, context)
        masks = class_masks(self.space)
        return MaskedObjective(context, method, masks) if masks else method

    def _stream(self, name: str, data: TransferData) -> BatchStream:
        transfer = self.plan.transfer
        shown_as_it_is = name == UNLABELLED and not self.method.distorts_unlabelled
        return BatchStream(
            name,
            data.streams[name],
            transfer.source_batch_size if name == SOURCE else transfer.batch_size,
            self.plan.seed,
            None if shown_as_it_is else find_augmentation(self.plan.preprocessing),
        )


def run_warm_start(job: WarmStartJob) -> None:
    """Restores, proves, trains and saves, on as many workers as the plan names.

    Args:
        job: The training; its artifacts are filled.

    Raises:
        ConfigError: Method, shots and classes do not fit each other.
        DataError: Something cannot be read, or the pretrained model was changed.
        TrainingError: The loss is not finite, or a worker was lost.
        WarmStartMappingError: Checkpoint and network differ more than was announced.
    """
    transfer = job.plan.transfer
    if transfer.method == AUTO or TRANSFER_METHODS.find(transfer.method).trains():
        train_job(job, train_warm_start, transfer.batch_size, transfer.source_batch_size)
    else:
        train_warm_start(job, TrainingPlacement.of_one_device())


def train_warm_start(job: WarmStartJob, placement: TrainingPlacement) -> None:
    """Does what `run_warm_start` does in this process, alone or as one of several workers."""
    check_model(job.base_model)
    start = choose_start(job)
    plan = follow_model(job.plan, job.base_model)
    space = LabelSpace.of(
        start_class_names(job.source_examples, job.base_model), read_class_names(job.examples)
    )
    preprocessor = ImagePreprocessor(job.transform_graph)
    open_split = partial(
        TrainSplit.open,
        preprocessor=preprocessor,
        memory_cache_mib=plan.training.memory_cache_mib,
    )
    target = open_split(job.examples)
    source = open_split(job.source_examples) if job.source_examples else None
    has_source = source is not None
    choice = choose_method(plan.transfer.method, space, plan.shots, len(target.index), has_source)
    plan = plan.with_method(choice.method)
    refuse_label_relation(space, plan.transfer, plan.shots, has_source)
    warm_start = WarmStart(plan, start.model, space, placement)
    session = TrainingSession(job, placement, warm_start.precision)
    data = select_transfer_data(plan, target, source, space)
    if placement.is_chief:
        # Before the restoration, which sets the seed: what this draws must not reach the training.
        write_pretrained_arm(
            job.base_model, space, data.shots, job.transform_graph, job.pretrained_arm
        )
    network, report = warm_start.restore_with_new_classes(data.shots)
    if placement.is_chief:
        tf.io.gfile.makedirs(job.mapping_report)
        path = os.path.join(job.mapping_report, MAPPING_REPORT_FILE)
        write_atomically(path, start.name(report).to_json())
    metrics = prove_warm_start(
        network,
        saved_model_dir(start.model),
        report,
        session.precision,
        data.proof,
        class_masks(space),
        data.target,
    )
    if placement.is_chief:
        pretrained = saved_model_dir(job.base_model)
        labelled = labelled_outputs(pretrained, data.shots, plan.seed)
        refuse_permuted_labels(labelled, space, job.examples, plan.permuted_labels)
        write_transferability(estimate_transferability(labelled), job.mapping_report)
    if warm_start.method.trains():
        session.open_run()
    outcome = warm_start.fit(network, data, job.model_run)
    example_ids = [] if data.shots is None else data.shots.example_ids.tolist()
    session.save(
        network,
        WARM_START,
        outcome,
        labelled_examples=len(example_ids),
        example_ids=example_ids,
        classes=warm_start.served_classes,
        network_settings=warm_start.network_settings,
        metrics=metrics,
        transfer={**choice._asdict(), "start": start.told},
    )
