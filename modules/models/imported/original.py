"""A model as it was found, and the network that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from modules.core.errors import DataError
from modules.models.imported.found import Kind
from modules.networks.network import LOGITS, Network
from modules.settings import NetworkSettings

# What a model's output holds: logits, a softmax of them, or the sigmoid of a second class's.
OutputForm = Literal["logits", "softmax", "sigmoid"]

_CHUNK = 256  # images at once


@dataclass(frozen=True)
class Original:
    """A model as it was found.

    Attributes:
        kind: What it is.
        path: Where it is.
        network: The same model as a network of this project, in float32.
        settings: What builds that network anew.
        class_names: Of its logits, where it carries them.
        answer: Runs the original itself: f32 [N, S, S, C] to its outputs, f32 [N, K] or [N, 1];
            None where nothing but weights was found.
        form: What those outputs hold.
        tolerance: Largest difference of an output, as a share of the largest one, that rounding
            explains.
        transform_graph: Its own preprocessing; None where it has none.
        facts: What it records of its training, as `modules.models.training_domain` reads it.
    """

    kind: Kind
    path: str
    network: Network
    settings: NetworkSettings
    class_names: tuple[str, ...] | None = None
    answer: Callable[[np.ndarray], np.ndarray] | None = None
    form: OutputForm = "logits"
    tolerance: float = 1e-3
    transform_graph: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def num_classes(self) -> int:
        """K, the number of classes that it tells apart."""
        return self.network.num_classes

    def reorder(self, rows: Sequence[int]) -> None:
        """Gives the network's logits another order.

        Args:
            rows: For each new place, the logit's place in the original.
        """
        for name, variable in self.network.named_variables.items():
            if name.startswith(f"{LOGITS}/"):
                variable.assign(variable.numpy()[..., list(rows)])

    def outputs(self, images: np.ndarray, rows: Sequence[int]) -> np.ndarray | None:
        """Returns the original's own outputs, f32 [N, K], in the order of `reorder`."""
        if self.answer is None:
            return None
        starts = range(0, len(images), _CHUNK)
        found = np.concatenate([self.answer(images[at : at + _CHUNK]) for at in starts])
        if self.form == "sigmoid":
            found = np.concatenate([1.0 - found, found], axis=-1)
        return found[:, list(rows)]

    def in_form(self, logits: np.ndarray) -> np.ndarray:
        """Turns logits, f32 [N, K], into what the original gives."""
        if self.form == "logits":
            return logits
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)


def square_shape(
    path: str, shape: Sequence[int | None], network: NetworkSettings
) -> tuple[int, Literal[1, 3]]:
    """Reads size and channels from the shape of a model's input; an open size is the settings'.

    Args:
        path: Of the model, for messages.
        shape: Without the number of images: H, W, C.

    Raises:
        DataError: The input is not that of square images, grey or colour.
    """
    sizes = [network.image_size if side is None else side for side in shape[:2]]
    if len(shape) != 3 or len(set(sizes)) != 1 or shape[-1] not in (1, 3):
        raise DataError(
            path,
            expected="one input of square images, [N, S, S, 1] or [N, S, S, 3]",
            found=f"{['N', *shape]}",
            fix="Put layers in front of it that take such images, and save it again.",
        )
    return sizes[0], 1 if shape[-1] == 1 else 3
