"""Which names stand for which split, in folders and in a table of labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT

TRAIN_NAMES = (TRAIN_SPLIT, "training")
# In this order: what was held out for the very end is what judges best.
EVAL_NAMES = (EVAL_SPLIT, "evaluation", "test", "testing", "val", "valid", "validation")


class SplitNames(NamedTuple):
    """The names that stand for the splits.

    Args:
        train: The train split's name; None if there is none.
        evaluation: The eval split's name; None if there is none.
        unused: Other names of a split, such as `val` beside `test`.
    """

    train: str | None
    evaluation: str | None
    unused: tuple[str, ...]

    def split_of(self, name: str) -> str | None:
        """Returns `train` or `eval`; None for a name that is not used."""
        return {self.train: TRAIN_SPLIT, self.evaluation: EVAL_SPLIT}.get(name)


def is_split_name(name: str) -> bool:
    """Whether a name, in capitals or not, stands for a split."""
    return name.lower() in (*TRAIN_NAMES, *EVAL_NAMES)


def choose_split_names(names: Iterable[str]) -> SplitNames:
    """Chooses the names that stand for the train and the eval split.

    Example:
        >>> choose_split_names(["train", "val", "test"])
        SplitNames(train='train', evaluation='test', unused=('val',))
    """
    order = (*TRAIN_NAMES, *EVAL_NAMES)
    ordered = sorted(filter(is_split_name, names), key=lambda name: order.index(name.lower()))
    train = next((name for name in ordered if name.lower() in TRAIN_NAMES), None)
    evaluation = next((name for name in ordered if name.lower() in EVAL_NAMES), None)
    unused = tuple(name for name in ordered if name not in (train, evaluation))
    return SplitNames(train, evaluation, unused)
