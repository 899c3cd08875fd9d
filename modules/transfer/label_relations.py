"""Which transfers the classes of the two domains allow."""

from __future__ import annotations

from modules.core.errors import ConfigError
from modules.core.wording import listed
from modules.domains.label_space import LabelSpace
from modules.settings import Shots, TransferSettings
from modules.training.objectives import SOURCE
from modules.transfer.methods import TRANSFER_METHODS


def refuse_label_relation(
    space: LabelSpace, transfer: TransferSettings, shots: Shots, has_source: bool = True
) -> None:
    """Refuses what the classes do not allow.

    Args:
        space: Classes of both domains.
        transfer: Method and way of restoring.
        shots: Labelled target examples of each class.
        has_source: Whether there are source images; otherwise there is a model alone.

    Raises:
        ConfigError: The method cannot do the relation of the classes, or needs a source that is not
            there; or there are new classes and no shots, or no network that could get logits for
            them.
    """
    if not has_source:
        _refuse_missing_source(space, transfer.method, shots)
    if not _can_do(transfer.method, space):
        able = [name for name in TRANSFER_METHODS.names() if _can_do(name, space)]
        raise ConfigError(
            f"transfer.method: '{transfer.method}' cannot do a target whose classes are "
            f"{_RELATIONS[space.relation]} the source's{_difference(space)}. Choose one of "
            f"{', '.join(able)}; or set target.class_map, if only the names differ."
        )
    if space.new and shots == 0:
        raise ConfigError(
            f"target.shots is 0, but the source does not have {_classes(space)}: nothing says what "
            f"{'it looks' if len(space.new) == 1 else 'they look'} like. Give labelled images, or "
            "set target.class_map, if only the names differ."
        )
    if space.new and transfer.restore == "graph":
        raise ConfigError(
            "transfer.restore: a saved graph has logits for the source's classes alone, and the "
            f"target has {_classes(space)}. Choose 'rebuild', or set target.class_map, if only the "
            "names differ."
        )


def _refuse_missing_source(space: LabelSpace, name: str, shots: Shots) -> None:
    method = TRANSFER_METHODS.find(name)
    if SOURCE in method.required_streams:
        able = sorted(
            other
            for other in TRANSFER_METHODS.names()
            if _can_do(other, space) and SOURCE not in TRANSFER_METHODS.find(other).required_streams
        )
        raise ConfigError(
            f"transfer.method: '{name}' trains on images of the source, and none is given. Name a "
            f"source, or choose one of {', '.join(able)}."
        )
    if method.trains() and shots == 0:
        raise ConfigError(
            f"transfer.method: '{name}' trains on labelled images, but target.shots is 0 and no "
            "source is given. Give it shots, or choose zero_shot."
        )


_RELATIONS = {
    "same": "the same as",
    "permuted": "in another order than",
    "subset": "a subset of",
    "superset": "a superset of",
    "overlapping": "not all among",
    "disjoint": "all others than",
}


def _can_do(method: str, space: LabelSpace) -> bool:
    return space.relation in TRANSFER_METHODS.find(method).label_relations


def _difference(space: LabelSpace) -> str:
    parts = [
        f"{what} {listed(names)}"
        for what, names in (("with", space.new), ("without", space.unused))
        if names
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _classes(space: LabelSpace) -> str:
    return f"{'class' if len(space.new) == 1 else 'the classes'} {listed(space.new)}"
