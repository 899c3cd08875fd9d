"""The registry of transfer methods: `create_transfer_method("joint", context)`."""

from __future__ import annotations

from modules.core.plugins.kinds import SubclassOf
from modules.core.registry import Registry
from modules.settings import CenterLossSettings
from modules.settings.options import with_options
from modules.training.objectives import SOURCE, TARGET, Objective
from modules.transfer.losses.center_loss_objective import CenterLossObjective
from modules.transfer.method import MethodContext, TransferMethod
from modules.transfer.methods.center_loss import CenterLossFineTune, WithCenterLoss
from modules.transfer.methods.coral import Coral
from modules.transfer.methods.dann import Dann
from modules.transfer.methods.fine_tune import FineTune
from modules.transfer.methods.freeze_then_tune import FreezeThenTune
from modules.transfer.methods.information_maximization import InformationMaximization
from modules.transfer.methods.instance_weighting import InstanceWeighting
from modules.transfer.methods.joint import Joint
from modules.transfer.methods.l2_sp import L2Sp
from modules.transfer.methods.label_propagation import LabelPropagation
from modules.transfer.methods.mmd import Mmd
from modules.transfer.methods.pseudo_labels import PseudoLabels
from modules.transfer.methods.relational import Relational
from modules.transfer.methods.zero_shot import ZeroShot

__all__ = ["TRANSFER_METHODS", "MethodContext", "TransferMethod", "create_transfer_method"]

TRANSFER_METHODS: Registry[type[TransferMethod]] = Registry(
    "transfer.method",
    "method",
    {
        "center_loss": CenterLossFineTune,
        "coral": Coral,
        "dann": Dann,
        "fine_tune": FineTune,
        "freeze_then_tune": FreezeThenTune,
        "information_maximization": InformationMaximization,
        "instance_weighting": InstanceWeighting,
        "joint": Joint,
        "l2_sp": L2Sp,
        "label_propagation": LabelPropagation,
        "mmd": Mmd,
        "pseudo_labels": PseudoLabels,
        "relational": Relational,
        "zero_shot": ZeroShot,
    },
    group="warmstart.methods",
    contract=SubclassOf(TransferMethod),
)


def create_transfer_method(name: str, context: MethodContext) -> Objective:
    """Makes a method, with center loss if it has labels and the settings or the method ask for it.

    Args:
        name: A registered name, or a plug-in's reference.
        context: Settings and sizes.

    Returns:
        The method, not yet prepared.

    Raises:
        ConfigError: No method has that name, or it does not take such options.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=10, feature_dim=1024, seed=0)
        >>> [part.name for part in create_transfer_method("joint", context).parts]
        ['Joint', 'center_loss_objective']
    """
    options = context.settings.options
    method = with_options(TRANSFER_METHODS, name, options, "transfer.options")(context)
    settings = context.settings.center_loss
    if settings is None and method.has_center_loss:
        settings = CenterLossSettings()
    has_labels = (method.required_streams | method.optional_streams) & {SOURCE, TARGET}
    if settings is None or settings.weight == 0 or not has_labels:
        return method
    center_loss = CenterLossObjective(settings, context.num_classes, context.feature_dim)
    return WithCenterLoss(context, method, center_loss)
