"""What is known of a domain, whether from a look at its files or from its TFDV statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modules.core.example_features import TRAIN_SPLIT


@dataclass(frozen=True)
class SplitDescription:
    """What is known of one split.

    Args:
        examples: How many were counted.
        counts: Examples by label, among those counted.
        is_counted: The counts cover the whole split.
        channels: How many of the examples that were read have 1, 3 or other channels.
    """

    examples: int
    counts: Mapping[int, int]
    is_counted: bool
    channels: Mapping[int, int]


@dataclass(frozen=True)
class DomainDescription:
    """What is known of one domain; `modules.domains.rules` judges it.

    Args:
        place: Folder or name of the domain, for messages.
        class_names: K names in label order; empty where they are unknown.
        splits: The splits that were found.
    """

    place: str
    class_names: Sequence[str]
    splits: Mapping[str, SplitDescription]

    @property
    def class_counts(self) -> dict[str, list[int]]:
        """Examples of each class, by split; without splits that are empty or counted in part."""
        return {
            name: [split.counts.get(label, 0) for label in range(len(self.class_names))]
            for name, split in self.splits.items()
            if split.examples and split.is_counted
        }

    def counts_of(self, names: Sequence[str]) -> dict[str, list[int]]:
        """Examples of the named classes, by split, as `class_counts`."""
        labels = [list(self.class_names).index(name) for name in names]
        return {
            split: [counts[label] for label in labels]
            for split, counts in self.class_counts.items()
        }

    @property
    def has_colour(self) -> bool:
        """Whether most train images have three channels."""
        channels = self.splits[TRAIN_SPLIT].channels
        return 2 * channels.get(3, 0) > sum(channels.values())
