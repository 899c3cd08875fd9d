"""Which transfer method `auto` stands for."""

from __future__ import annotations

from typing import NamedTuple

from modules.core.wording import count
from modules.domains.label_space import LabelSpace
from modules.settings import Shots
from modules.settings.transfer import AUTO

# By whether the target has new classes, and whether it has images beyond the labelled ones.
# docs/study has the accuracies behind it.
_BEST = {
    (False, True): "information_maximization",
    (False, False): "joint",
    (True, True): "label_propagation",
    (True, False): "joint",
}


# The same without a source, for methods that train on none.
_BEST_OF_A_MODEL = {
    (False, True): "information_maximization",
    (False, False): "l2_sp",
    (True, True): "label_propagation",
    (True, False): "fine_tune",
}


class MethodChoice(NamedTuple):
    """A transfer method and the reason for it.

    Attributes:
        method: A registered name.
        chosen_because: The reason, without a full stop.
    """

    method: str
    chosen_because: str


def choose_method(
    named: str, space: LabelSpace, shots: Shots, images: int, has_source: bool = True
) -> MethodChoice:
    """Takes the method that the configuration names, or the best one for what there is.

    Args:
        named: `transfer.method`.
        space: Classes of both domains.
        shots: Labelled target examples of each class.
        images: Number of images in the target's train split.
        has_source: Whether there are source images, beside the model.

    Example:
        >>> space = LabelSpace(("a", "b"), ("c", "d"))
        >>> choose_method("auto", space, shots=1, images=100).method
        'label_propagation'
    """
    if named != AUTO:
        return MethodChoice(named, "the configuration names it")
    unlabelled = 0 if shots == "all" else images - shots * len(space.target)
    has_new, has_unlabelled = bool(space.new), unlabelled > 0
    classes = (
        f"{len(space.new)} of {count(len(space.target), 'target class', 'target classes')} are new"
        if has_new
        else "every target class is one of the source's"
    )
    rest = (
        f"{count(unlabelled, 'unlabelled image is', 'unlabelled images are')} left"
        if has_unlabelled
        else "no unlabelled image is left"
    )
    if has_source:
        return MethodChoice(_BEST[has_new, has_unlabelled], f"{classes}, and {rest}")
    why = f"{classes.replace('the source', 'the model')}, {rest}, and no source is given"
    if shots == 0:
        return MethodChoice("zero_shot", f"{why}: there are no labels to train on")
    return MethodChoice(_BEST_OF_A_MODEL[has_new, has_unlabelled], why)
