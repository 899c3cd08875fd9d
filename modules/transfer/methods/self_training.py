"""Self-training: the network learns from its own predictions on unlabelled target images."""

from __future__ import annotations

from modules.training.objectives import SOURCE, TARGET, UNLABELLED, Objective
from modules.transfer.losses.information_maximization import InformationMaximization
from modules.transfer.losses.labelled_domains import LabelledDomains
from modules.transfer.losses.pseudo_labels import PseudoLabels
from modules.transfer.methods.base import MethodContext
from modules.transfer.methods.composition import Composition


class SelfTraining(Composition):
    """Joint training that also learns from the unlabelled rest of the target.

    Labels are not needed; where there are shots, they count twice: as labelled examples, and as
    neighbours that pseudo-labels spread from.

    References:
        Lee, Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep
        Neural Networks, ICML 2013 Workshops.
        Liang, Hu and Feng, Do We Really Need to Access the Source Data? Source Hypothesis Transfer
        for Unsupervised Domain Adaptation, ICML 2020.

    Args:
        context: Settings and sizes.

    Example:
        >>> sorted(SelfTraining.required_streams), sorted(SelfTraining.optional_streams)
        (['source', 'unlabelled'], ['target'])
    """

    required_streams = frozenset({SOURCE, UNLABELLED})
    optional_streams = frozenset({TARGET})
    has_center_loss = True

    def __init__(self, context: MethodContext) -> None:
        super().__init__(context, LabelledDomains(), _self_supervision(context))


def _self_supervision(context: MethodContext) -> Objective:
    settings = context.settings.self_training
    if settings.loss == "information":
        return InformationMaximization(settings.weight)
    return PseudoLabels(settings.weight, settings.kept_share)
