"""Transfer methods by name: `create_transfer_method("joint", context)`."""

from __future__ import annotations

from modules.center_loss_objective import WithCenterLoss
from modules.errors import ConfigError
from modules.nearest_name import nearest_name_hint
from modules.objectives import SOURCE, TARGET, Objective
from modules.transfer_methods.base import MethodContext, TransferMethod
from modules.transfer_methods.fine_tune import FineTune
from modules.transfer_methods.joint import Joint
from modules.transfer_methods.zero_shot import ZeroShot

__all__ = [
    "MethodContext",
    "TransferMethod",
    "create_transfer_method",
    "transfer_method_class",
    "transfer_method_names",
]

# Imported by name, not found by scanning: the source fingerprint follows imports.
_METHODS: dict[str, type[TransferMethod]] = {
    "fine_tune": FineTune,
    "joint": Joint,
    "zero_shot": ZeroShot,
}


def transfer_method_names() -> tuple[str, ...]:
    """Lists the registered names in alphabetical order."""
    return tuple(sorted(_METHODS))


def transfer_method_class(name: str) -> type[TransferMethod]:
    """Finds a method, whose class says which streams it needs.

    Args:
        name: A registered name.

    Returns:
        The method's class.

    Raises:
        ConfigError: No method has that name.
    """
    if name not in _METHODS:
        hint = nearest_name_hint(name, transfer_method_names())
        raise ConfigError(f"transfer.method: no method is named '{name}'{hint}")
    return _METHODS[name]


def create_transfer_method(name: str, context: MethodContext) -> Objective:
    """Makes a method, with center loss where it has labels and the settings give a weight.

    Args:
        name: A registered name.
        context: Settings and sizes.

    Returns:
        The method, not yet prepared.

    Raises:
        ConfigError: No method has that name.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=10, feature_dim=1024, seed=0)
        >>> type(create_transfer_method("joint", context)).__name__
        'WithCenterLoss'
    """
    method = transfer_method_class(name)(context)
    center_loss = context.settings.center_loss
    if method.required_streams & {SOURCE, TARGET} and center_loss.weight > 0:
        return WithCenterLoss(method, center_loss, context.num_classes, context.feature_dim)
    return method
