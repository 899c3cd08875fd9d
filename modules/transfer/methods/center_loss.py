"""Fine-tuning with center loss: the tutorial's transfer."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.training.objectives import Stream
from modules.transfer.composition import Composition
from modules.transfer.methods.fine_tune import FineTune


class CenterLossFineTune(FineTune):
    """Fine-tuning on the target that also pulls features towards their class centers.

    The loss is `modules.transfer.losses.center_loss_objective.CenterLossObjective`, which any
    method can have; this one has it unless `transfer.center_loss` says otherwise.

    References:
        Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV
        2016, section 3.2.

    Example:
        >>> CenterLossFineTune.has_center_loss, sorted(CenterLossFineTune.required_streams)
        (True, ['target'])
    """

    has_center_loss = True


class WithCenterLoss(Composition):
    """A method, then center loss."""

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the method's losses, then the center loss."""
        method, center_loss = self.parts
        # Computed first: TensorFlow's rounding of the sum depends on the order of operations.
        last = center_loss.losses(streams, progress)
        return {**method.losses(streams, progress), **last}
