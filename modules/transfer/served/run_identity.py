"""What identifies a run before it has trained: all that decides its training, but for its start."""

from __future__ import annotations

from dataclasses import dataclass

from modules.core.class_names import read_class_names
from modules.domains.label_space import LabelSpace
from modules.models.artifact import checkpoint_dir
from modules.models.checkpointing import FINGERPRINT, read_checkpoint_metadata
from modules.settings.plans import TransferPlan
from modules.training.jobs import train_split
from modules.training.resumption import training_identity
from modules.transfer.start import start_class_names


@dataclass(frozen=True)
class StartInputs:
    """What a run trains on and how, but for what it starts from.

    Attributes:
        plan: The warm start's plan.
        examples: Root of the target's Examples artifact.
        source_examples: Root of the source's, if there is a source.
        transform_graph: The TransformGraph artifact.
        base_model: Root of the pretrained Model artifact.
    """

    plan: TransferPlan
    examples: str
    source_examples: str | None
    transform_graph: str
    base_model: str

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes of the network that is trained, in the order of its logits."""
        source = start_class_names(self.source_examples, self.base_model)
        return LabelSpace.of(source, read_class_names(self.examples)).classes


def run_identity(inputs: StartInputs) -> str:
    """Identifies a run by all that decides its training, but for what it starts from.

    A version that carries the same identity is the run's own product: repeated, it must not start
    from it.

    Returns:
        SHA-256 in hexadecimal.
    """
    model = read_checkpoint_metadata(checkpoint_dir(inputs.base_model))
    settings = {
        "plan": inputs.plan.model_dump(mode="json"),
        "classes": inputs.class_names,
        "pretrained": model[FINGERPRINT],
    }
    source = [train_split(inputs.source_examples)] if inputs.source_examples else []
    return training_identity(settings, [train_split(inputs.examples), *source])
