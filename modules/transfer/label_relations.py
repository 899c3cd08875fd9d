"""Which transfers the classes of the two domains allow."""

from __future__ import annotations

from modules.core.errors import ConfigError
from modules.core.wording import listed
from modules.domains.label_space import LabelSpace
from modules.settings import Shots, TransferSettings
from modules.transfer.methods import TRANSFER_METHODS


def refuse_label_relation(space: LabelSpace, transfer: TransferSettings, shots: Shots) -> None:
    """Refuses what the classes do not allow.

    Args:
        space: Classes of both domains.
        transfer: Method and way of restoring.
        shots: Labelled target examples of each class.

    Raises:
        ConfigError: The method cannot do the relation of the classes, or there are new classes and
            no shots, or no network that could get logits for them.
    """
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
