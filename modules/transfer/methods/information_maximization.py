"""Information maximization: sure and balanced predictions on unlabelled target images."""

from __future__ import annotations

from modules.transfer.composition import JointComposition
from modules.transfer.losses.information_maximization import InformationLoss
from modules.transfer.method import MethodContext


class InformationMaximization(JointComposition):
    """Joint training whose predictions on unlabelled target images become sure and balanced.

    The target needs no labels. Shots, where there are any, are trained on and help to estimate the
    target's class shares.

    References:
        Liang, Hu and Feng, Do We Really Need to Access the Source Data? Source Hypothesis Transfer
        for Unsupervised Domain Adaptation, ICML 2020, section 3.2.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> [part.name for part in InformationMaximization(context).parts]
        ['labelled_domains', 'information_loss']
    """

    def __init__(self, context: MethodContext) -> None:
        weight = context.settings.information_maximization.weight
        super().__init__(context, InformationLoss(weight))
