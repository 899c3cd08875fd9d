"""The training on the target domain that starts from a pretrained model."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import keras
import tensorflow as tf

from modules.core.arms import WARM_START
from modules.core.atomic_files import write_atomically
from modules.core.class_names import read_class_names
from modules.core.errors import ConfigError
from modules.core.example_features import TRAIN_SPLIT
from modules.images.augmentation import augment_images
from modules.models.artifact import check_model, checkpoint_dir, save_model, saved_model_dir
from modules.models.checkpointing import (
    read_checkpoint_metadata,
    warm_start_network,
)
from modules.models.mapping_report import MappingReport
from modules.networks.network import Network
from modules.networks.precision import choose_precision, precision_policy
from modules.networks.registry import build_network, freeze_layers
from modules.networks.restored_graph import RestoredGraph
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    Settings,
    Shots,
    TrainingSettings,
    TransferSettings,
)
from modules.training.batches import BatchStream, batch_dataset
from modules.training.jobs import WarmStartJob
from modules.training.loop import TrainingLoop, TrainingOutcome
from modules.training.objectives import SOURCE, UNLABELLED, Preparation
from modules.training.optimizers import build_optimizer
from modules.training.placement import TrainingPlacement
from modules.training.processes import train_on_workers, workers_to_start
from modules.training.record import TrainingRecord
from modules.training.resumption import open_run_directory, training_identity
from modules.training.run_fn_arguments import SAME_TRAINING
from modules.transfer.data import TransferData, load_transfer_data
from modules.transfer.methods import TRANSFER_METHODS, MethodContext, create_transfer_method
from modules.transfer.proof import prove_warm_start
from modules.transfer.transferability.estimates import (
    estimate_transferability,
    write_transferability,
)

MAPPING_REPORT_FILE = "mapping_report.json"

_INPUTS = ("target_examples", "source_examples", "transform_graph", "base_model")


@dataclass(frozen=True)
class WarmStart:
    """One training on the target domain from a pretrained model.

    Attributes:
        target_examples: Root of the target's Examples artifact.
        source_examples: Root of the source's.
        transform_graph: The TransformGraph artifact that the pretrained model was trained behind.
        base_model: Root of the pretrained Model artifact.
        network: The network's settings, for `restore: rebuild`.
        preprocessing: Says whether labelled images are distorted.
        training: What all trainings share.
        transfer: Method, way of restoring and budget.
        shots: Labelled target examples of each class.
        seed: Of everything that is drawn or initialised.
        source_fingerprint: Stands for the code: an interrupted training of other code is not
            gone on with.
    """

    target_examples: str
    source_examples: str
    transform_graph: str
    base_model: str
    network: NetworkSettings
    preprocessing: PreprocessingSettings
    training: TrainingSettings
    transfer: TransferSettings
    shots: Shots
    seed: int
    source_fingerprint: str

    def run(self, model_uri: str, model_run_uri: str, mapping_report_uri: str) -> TrainingRecord:
        """Restores, proves, trains and saves.

        Args:
            model_uri: Root of the Model artifact to fill.
            model_run_uri: Root of the ModelRun artifact; training.json is written last.
            mapping_report_uri: Folder for mapping_report.json and transferability.json.

        Returns:
            The record; its metrics hold the proof, `restored_*`, the method's facts, and the last
            step's losses.

        Raises:
            ConfigError: Method, shots and classes do not go together.
            DataError: Something cannot be read, or the pretrained model was changed.
            TrainingError: The loss is not finite, or a worker was lost.
            WarmStartMappingError: Checkpoint and network differ more than was announced.
        """
        workers = workers_to_start(self.training.workers)
        if workers > 1 and TRANSFER_METHODS.find(self.transfer.method).trains():
            outputs = {
                "model": model_uri,
                "model_run": model_run_uri,
                "mapping_report": mapping_report_uri,
            }
            train_on_workers(WarmStartJob.model_validate({**vars(self), **outputs}), workers)
        else:
            sizes = self.transfer.batch_size, self.transfer.source_batch_size
            placement = TrainingPlacement.of_one_process(*sizes)
            self.train(model_uri, model_run_uri, mapping_report_uri, placement)
        return TrainingRecord.read(model_run_uri)

    def train(
        self,
        model_uri: str,
        model_run_uri: str,
        mapping_report_uri: str,
        placement: TrainingPlacement,
    ) -> None:
        """Does what `run` does in this process, alone or as one of several workers.

        Args:
            model_uri: As for `run`; the same for all workers.
            model_run_uri: See above.
            mapping_report_uri: See above.
            placement: Where the training runs.
        """
        check_model(self.base_model)
        class_names = read_class_names(self.target_examples)
        self.refuse_other_classes(class_names)
        network, report = self.restore_network(class_names, placement)
        if placement.is_chief:
            _write_report(report, mapping_report_uri)
        data = load_transfer_data(
            self.target_examples,
            self.source_examples,
            self.transform_graph,
            self.transfer,
            self.training,
            self.shots,
            self.seed,
            class_names,
        )
        metrics = prove_warm_start(
            network, saved_model_dir(self.base_model), report, self.precision, data.proof
        )
        if placement.is_chief:
            estimates = estimate_transferability(
                saved_model_dir(self.base_model), data.shots, self.seed
            )
            write_transferability(estimates, mapping_report_uri)
        if TRANSFER_METHODS.find(self.transfer.method).trains():
            self._open_run(model_run_uri, placement)
        outcome = self.train_network(network, data, class_names, model_run_uri, placement)
        placement.check_weights(network.named_variables)
        if placement.is_chief:
            self._save(network, data, class_names, metrics, outcome, model_uri, model_run_uri)

    def _save(
        self,
        network: Network,
        data: TransferData,
        class_names: Sequence[str],
        metrics: dict[str, float],
        outcome: TrainingOutcome,
        model_uri: str,
        model_run_uri: str,
    ) -> None:
        save_model(network, self._network_settings(), class_names, self.transform_graph, model_uri)
        ids = [] if data.shots is None else [value.decode() for value in data.shots.example_ids]
        TrainingRecord(
            arm=WARM_START,
            steps=outcome.steps,
            seconds=outcome.seconds,
            examples_per_second=outcome.examples_per_second,
            precision=self.precision,
            labelled_examples=len(ids),
            labelled_example_ids=ids,
            seed=self.seed,
            metrics={**metrics, **outcome.facts, **outcome.losses},
        ).write(model_run_uri)

    @property
    def precision(self) -> str:
        """The Keras dtype policy; a saved graph computes in float32, as it was exported."""
        if self.transfer.restore == "graph":
            return "float32"
        return choose_precision(self.training.precision)

    def restore_network(
        self, class_names: Sequence[str], placement: TrainingPlacement | None = None
    ) -> tuple[Network, MappingReport]:
        """Makes a network with the pretrained weights, in the way that `transfer.restore` says.

        Args:
            class_names: The target's.
            placement: Where the network is going to be trained; None is on one device.

        Returns:
            The network, with its frozen layers, and what was restored.
        """
        placement = placement or TrainingPlacement.of_one_device()
        keras.utils.set_random_seed(self.seed)
        network: Network
        if self.transfer.restore == "graph":
            with placement.scope():
                network = RestoredGraph(
                    saved_model_dir(self.base_model), self.transfer.frozen_layers
                )
            if network.num_classes != len(class_names):
                raise ConfigError(
                    f"transfer.restore: the saved graph tells {network.num_classes} classes apart, "
                    f"the target has {len(class_names)}. Choose 'rebuild'."
                )
        else:
            with placement.scope(), precision_policy(self.precision):
                network = build_network(self.network, len(class_names))
            freeze_layers(network, self.transfer.frozen_layers)
        report = warm_start_network(
            network,
            checkpoint_dir(self.base_model),
            expected_missing=self.transfer.expected_missing,
            expected_mismatched=self.transfer.expected_mismatched,
        )
        return network, report

    def train_network(
        self,
        network: Network,
        data: TransferData,
        class_names: Sequence[str],
        run_directory: str,
        placement: TrainingPlacement | None = None,
    ) -> TrainingOutcome:
        """Trains a restored network with the method, if the method trains at all.

        Args:
            network: Of `restore_network`; changed in place.
            data: What the method needs.
            class_names: The target's.
            run_directory: For TensorBoard's files and the rolling checkpoints.
            placement: Where the network is; None is on one device.

        Returns:
            How it went.

        Raises:
            TrainingError: The loss is not finite.
        """
        if not TRANSFER_METHODS.find(self.transfer.method).trains():
            return TrainingOutcome.untrained()
        placement = placement or TrainingPlacement.of_one_device()
        # By data: a method prepares itself by all examples, and has to know which is which.
        streams = {
            name: self._stream(name, data).shared_by_data(placement) for name in data.streams
        }
        context = MethodContext(self.transfer, len(class_names), network.feature_dim, self.seed)
        with placement.scope():
            method = create_transfer_method(self.transfer.method, context)
            optimizer = build_optimizer(
                self.transfer.learning_rate, self.transfer.schedule, self.transfer.steps
            )
        method.prepare(
            Preparation(
                network, data.streams, lambda: self.restore_network(class_names, placement)[0]
            )
        )
        loop = TrainingLoop(network, method, optimizer, self.training, run_directory, placement)
        return loop.run(partial(batch_dataset, streams), self.transfer.steps)

    def _open_run(self, model_run_uri: str, placement: TrainingPlacement) -> None:
        settings = {
            name: value.model_dump(mode="json") if isinstance(value, Settings) else value
            for name, value in vars(self).items()
            if name not in _INPUTS
        }
        settings |= {"precision": self.precision, "workers": placement.workers}
        if placement.is_chief:
            splits = [
                os.path.join(examples, f"Split-{TRAIN_SPLIT}")
                for examples in (self.target_examples, self.source_examples)
            ]
            inputs = [*splits, self.transform_graph, self.base_model]
            open_run_directory(model_run_uri, training_identity(settings, inputs))
        placement.check_agreement(SAME_TRAINING, json.dumps(settings, sort_keys=True))

    def _stream(self, name: str, data: TransferData) -> BatchStream:
        is_source = name == SOURCE
        # What is learned from unlabelled images is the target as it is.
        distort = name != UNLABELLED and self.preprocessing.augmentation == "robust"
        return BatchStream(
            name,
            data.streams[name],
            self.transfer.source_batch_size if is_source else self.transfer.batch_size,
            self.seed,
            augment_images if distort else None,
        )

    def _network_settings(self) -> NetworkSettings:
        if self.transfer.restore == "graph":
            metadata = read_checkpoint_metadata(checkpoint_dir(self.base_model))
            return NetworkSettings.model_validate(metadata["network"])
        return self.network

    def refuse_other_classes(self, class_names: Sequence[str]) -> None:
        """Refuses a target whose classes are not the source's, where the method needs them so.

        Args:
            class_names: The target's.

        Raises:
            ConfigError: They differ.
        """
        method = TRANSFER_METHODS.find(self.transfer.method)
        needs_source_classes = not method.trains() or SOURCE in method.required_streams
        if needs_source_classes and read_class_names(self.source_examples) != list(class_names):
            raise ConfigError(
                f"transfer.method: '{self.transfer.method}' needs a target with the source's "
                "classes, in the same order. Choose fine_tune for other classes."
            )


def _write_report(report: MappingReport, directory: str) -> None:
    tf.io.gfile.makedirs(directory)
    write_atomically(os.path.join(directory, MAPPING_REPORT_FILE), report.to_json())
