"""Which of a network's logits its SavedModel answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modules.core.errors import ConfigError


@dataclass(frozen=True)
class ServedClasses:
    """The classes of a network's logits, and those that its signatures answer, by name.

    Attributes:
        network: Class of each logit.
        default: Classes of `serving_default`, `predict_images` and `features`, in their order.
        source: Classes of `serving_source`; empty where there is no such signature.

    Raises:
        ConfigError: A signature would answer a class that the network does not have.
    """

    network: tuple[str, ...]
    default: tuple[str, ...]
    source: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.default, *self.source):
            if name not in self.network:
                raise ConfigError(f"The network has no logit for class '{name}'.")

    @classmethod
    def all_of(cls, class_names: Sequence[str]) -> ServedClasses:
        """Answers every class, in the order of the logits."""
        return cls(tuple(class_names), tuple(class_names))

    def columns(self, answered: Sequence[str]) -> list[int] | None:
        """Finds the logits of some classes; None where they are all logits in their order."""
        if tuple(answered) == self.network:
            return None
        return [self.network.index(name) for name in answered]
