"""Pseudo-labels: training on the restored network's own predictions of unlabelled images."""

from __future__ import annotations

from modules.transfer.composition import JointComposition
from modules.transfer.losses.pseudo_labels import PseudoLabelLoss
from modules.transfer.method import MethodContext


class PseudoLabels(JointComposition):
    """Joint training that also fits labels guessed for the target's unlabelled images.

    The target needs no labels. Shots, where there are any, count twice: as labelled examples, and
    as neighbours that pseudo-labels spread from.

    References:
        Lee, Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep
        Neural Networks, ICML 2013 Workshops.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> [part.name for part in PseudoLabels(context).parts]
        ['labelled_domains', 'pseudo_label_loss']
    """

    def __init__(self, context: MethodContext) -> None:
        settings = context.settings.pseudo_labels
        super().__init__(context, PseudoLabelLoss(settings.weight, settings.kept_share))
