"""Fine-tuning with center loss: the tutorial's transfer."""

from __future__ import annotations

from modules.transfer.methods.fine_tune import FineTune


class CenterLossFineTune(FineTune):
    """Fine-tuning on the target that also pulls features towards their class centers.

    The loss is `modules.transfer.losses.center_loss_objective.WithCenterLoss`, which can wrap any
    method; this method has it unless `transfer.center_loss` says otherwise.

    References:
        Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV
        2016, section 3.2.

    Args:
        context: Settings and sizes.

    Example:
        >>> CenterLossFineTune.has_center_loss, sorted(CenterLossFineTune.required_streams)
        (True, ['target'])
    """

    has_center_loss = True
