"""Label propagation: the shots' labels, spread to unlabelled images of the target."""

from __future__ import annotations

from modules.training.objectives import SOURCE, TARGET, UNLABELLED
from modules.transfer.composition import JointComposition
from modules.transfer.losses.propagated_labels import PropagatedLabelLoss
from modules.transfer.method import MethodContext


class LabelPropagation(JointComposition):
    """Joint training that also fits labels propagated from the shots, then its own predictions.

    It suits classes that the source does not have: the restored features put images of one class
    near each other, although the network has no name for them yet. Unlabelled images are distorted
    like labelled ones, so that the network does not merely learn the propagated labels by heart.

    References:
        Iscen et al., Label Propagation for Deep Semi-Supervised Learning, CVPR 2019, section 4.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> [part.name for part in LabelPropagation(context).parts]
        ['labelled_domains', 'propagated_label_loss']
    """

    required_streams = frozenset({TARGET, UNLABELLED})
    optional_streams = frozenset({SOURCE})
    distorts_unlabelled = True

    def __init__(self, context: MethodContext) -> None:
        settings = context.settings.label_propagation
        super().__init__(context, PropagatedLabelLoss(settings.weight, settings.kept_share))
