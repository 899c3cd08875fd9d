"""Fine-tuning with a penalty on the distance to the pretrained weights."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.core.untracked import Untracked
from modules.networks.network import tf_variables
from modules.training.objectives import Objective, Preparation, Stream
from modules.transfer.composition import Composition
from modules.transfer.method import MethodContext
from modules.transfer.methods.fine_tune import FineTune


class DistanceToStart(Objective):
    """Half the squared distance between the trained and the initial weights.

    Args:
        weight: Factor of the loss.
    """

    def __init__(self, weight: float) -> None:
        super().__init__(name="distance_to_start")
        self.weight = weight
        # Checkpoints need not hold the starting point again.
        self._pairs: Untracked[list[tuple[tf.Variable, tf.Tensor]]] = Untracked([])

    def prepare(self, preparation: Preparation) -> None:
        """Copies the weights that are trained."""
        variables = tf_variables(preparation.network.trainable_variables)
        self._pairs = Untracked([(variable, tf.identity(variable)) for variable in variables])

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the weighted distance, shared among replicas."""
        distances = [tf.nn.l2_loss(variable - start) for variable, start in self._pairs.value]
        return {
            "distance_to_start": tf.nn.scale_regularization_loss(self.weight * tf.add_n(distances))
        }


class L2Sp(Composition):
    """Fine-tuning with an L2 penalty towards the starting point instead of towards zero.

    The whole network is restored here, including the logits layer, so one factor is enough: in the
    paper's terms, beta equals alpha.

    References:
        Xuhong, Grandvalet and Davoine, Explicit Inductive Bias for Transfer Learning with
        Convolutional Networks, ICML 2018, section 3.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> sorted(L2Sp(context).required_streams)
        ['target']
    """

    required_streams = FineTune.required_streams

    def __init__(self, context: MethodContext) -> None:
        penalty = DistanceToStart(context.settings.l2_sp.weight)
        super().__init__(context, FineTune(context), penalty)
