"""What a warm start restored from a checkpoint, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from pydantic import TypeAdapter

from modules.core.errors import WarmStartMappingError
from modules.core.nearest_name import nearest_name_hint

Shape = tuple[int, ...]

# Begins the origin of a restored class.
FROM_CHECKPOINT = "checkpoint row"


@dataclass(frozen=True)
class ShapeMismatch:
    """The two shapes of a weight that has the same name in the network and the checkpoint."""

    network: Shape
    checkpoint: Shape


@dataclass(frozen=True)
class ClassRow:
    """Where a class's logit got its weights.

    Attributes:
        class_name: The class.
        origin: `checkpoint row 3`, `from a linear probe of 10 labelled images` or `fresh`.
        why: The reason.
    """

    class_name: str
    origin: str
    why: str


@dataclass(frozen=True)
class MappingReport:
    """Each weight of a network and of a checkpoint, in exactly one of four groups.

    Args:
        checkpoint: Folder of the checkpoint.
        fingerprint: SHA-256 of the checkpoint's weights.
        restored: Shapes by name of the weights that took the checkpoint's values.
        missing: Shapes by name of those that only the network has; they kept their initial values.
        unused: Shapes by name of those that only the checkpoint has.
        shape_mismatch: Both shapes by name of those that differ; they kept their initial values.
        rows: Each class of the logits, in their order; empty if they were not restored by class.
        restored_from: The model whose weights they are, in words.
    """

    checkpoint: str
    fingerprint: str
    restored: dict[str, Shape]
    missing: dict[str, Shape]
    unused: dict[str, Shape]
    shape_mismatch: dict[str, ShapeMismatch]
    rows: list[ClassRow] = field(default_factory=list)
    restored_from: str = "the pretrained model"

    def to_json(self) -> str:
        """Writes the report as an indented JSON object; shapes are lists."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> MappingReport:
        """Reads what `to_json` wrote."""
        return TypeAdapter(cls).validate_json(text)


def compare_weights(
    network: Mapping[str, Shape],
    checkpoint_weights: Mapping[str, Shape],
    *,
    checkpoint: str,
    fingerprint: str,
) -> MappingReport:
    """Sorts the weights of a network and of a checkpoint, shapes by name, into the four groups."""
    shared = [name for name in network if name in checkpoint_weights]
    same = [name for name in shared if network[name] == checkpoint_weights[name]]
    return MappingReport(
        checkpoint=checkpoint,
        fingerprint=fingerprint,
        restored={name: network[name] for name in same},
        missing={name: network[name] for name in network if name not in checkpoint_weights},
        unused={name: shape for name, shape in checkpoint_weights.items() if name not in network},
        shape_mismatch={
            name: ShapeMismatch(network[name], checkpoint_weights[name])
            for name in shared
            if name not in same
        },
    )


def refuse_unannounced(
    report: MappingReport, expected_missing: Sequence[str], expected_mismatched: Sequence[str]
) -> None:
    """Raises unless every difference in the report was announced, and something was restored.

    Args:
        report: What a warm start would do.
        expected_missing: Weights, or layers, that the checkpoint may lack.
        expected_mismatched: Weights, or layers, whose shape may differ.

    Raises:
        WarmStartMappingError: A difference was not announced, an announced name is not in the
            network, or nothing would be restored.
    """
    network = [*report.restored, *report.missing, *report.shape_mismatch]
    _refuse_unknown("transfer.expected_missing", expected_missing, network)
    _refuse_unknown("transfer.expected_mismatched", expected_mismatched, network)
    problems = [
        f"  {name} {list(shape)}: missing in the checkpoint; name it in transfer.expected_missing "
        "to train it from its initial values"
        for name, shape in report.missing.items()
        if not _covered(name, expected_missing)
    ]
    problems += [
        f"  {name}: shape {list(shapes.network)} in the network, {list(shapes.checkpoint)} in the "
        "checkpoint; name it in transfer.expected_mismatched to train it from its initial values"
        for name, shapes in report.shape_mismatch.items()
        if not _covered(name, expected_mismatched)
    ]
    if not report.restored:
        problems.append("  nothing in common by name and shape: this would not be a warm start")
    if problems:
        head = f"{report.checkpoint}: the checkpoint does not fit the network."
        tail = f"  weights that only the checkpoint has: {', '.join(report.unused) or 'none'}"
        raise WarmStartMappingError("\n".join([head, *problems, tail]))


def _refuse_unknown(setting: str, names: Sequence[str], network: Sequence[str]) -> None:
    for name in names:
        if not any(_covered(weight, [name]) for weight in network):
            raise WarmStartMappingError(
                f"{setting}: the network has no weight or layer '{name}'"
                f"{nearest_name_hint(name, network)}"
            )


def _covered(weight: str, names: Sequence[str]) -> bool:
    return any(weight == name or weight.startswith(f"{name}/") for name in names)
