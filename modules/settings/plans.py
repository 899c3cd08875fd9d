"""All that decides a training beside its data: what a trainer component takes as one property."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from modules.settings import (
    ImportSettings,
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    Settings,
    Shots,
    TrainingSettings,
    TransferSettings,
)


class TrainingPlan(Settings):
    """What every training needs to know.

    Attributes:
        network: Which network is trained, on which input.
        preprocessing: Says whether labelled images are augmented.
        training: Precision, checkpoints, summaries, memory and workers.
        seed: Seed of everything that is drawn or initialised.
        source_fingerprint: Fingerprint of the code. A training that was interrupted under different
            code is not resumed.
    """

    network: NetworkSettings = NetworkSettings()
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    training: TrainingSettings = TrainingSettings()
    seed: int = 0
    source_fingerprint: str = ""


class PretrainingPlan(TrainingPlan):
    """A training on the source domain.

    Attributes:
        pretraining: Budget and optimizer.
        weights_checksum: SHA-256 of the file that `network.weights` names, if it names one: another
            file is another training.
    """

    pretraining: PretrainingSettings = PretrainingSettings()
    weights_checksum: str = ""


class ImportPlan(Settings):
    """What decides the import of a model.

    Attributes:
        imported: The model, and what its file does not say.
        network: The network that a checkpoint's weights belong to; its image size and channels
            must be the model's.
        seed: Seed of weights that the model does not have.
        source_fingerprint: Fingerprint of the code.
    """

    imported: ImportSettings
    network: NetworkSettings = NetworkSettings()
    seed: int = 0
    source_fingerprint: str = ""


class TransferPlan(TrainingPlan):
    """A training on the target domain: the warm start, or the scratch control beside it.

    Attributes:
        transfer: Method, way of restoring and budget.
        shots: Labelled target examples of each class.
        permuted_labels: Whether labels that look permuted stop the training.
    """

    transfer: TransferSettings = TransferSettings()
    shots: Shots = 10
    permuted_labels: Literal["stop", "warn"] = "stop"

    @field_validator("network")
    @classmethod
    def _starts_from_a_checkpoint_or_from_nothing(cls, network: NetworkSettings) -> NetworkSettings:
        """Weights from outside are what the pretraining starts from, not the scratch control."""
        return network.without_weights()

    def with_method(self, method: str) -> TransferPlan:
        """Returns the same plan for another transfer method, which has its default options."""
        if method == self.transfer.method:
            return self
        changes = {"method": method, "options": {}}
        return self.model_copy(update={"transfer": self.transfer.model_copy(update=changes)})
