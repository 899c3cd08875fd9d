"""Fine-tuning in two phases: the head alone, then everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from modules.networks.network import LOGITS
from modules.training.objectives import Objective, Preparation, Stream
from modules.transfer.composition import Composition
from modules.transfer.method import MethodContext
from modules.transfer.methods.fine_tune import FineTune


class HeadFirst(Objective):
    """Keeps everything but the logits layer frozen for the first steps; has no loss.

    Args:
        share: Share of the steps with only the logits layer training.

    Example:
        >>> HeadFirst(share=0.3).losses({}, 0.0)
        {}
    """

    def __init__(self, share: float) -> None:
        super().__init__(name="head_first")
        self.share = share
        self._body: frozenset = frozenset()

    def prepare(self, preparation: Preparation) -> None:
        """Finds the variables outside the logits layer."""
        self._body = frozenset(
            variable.ref()
            for name, variable in preparation.network.named_variables.items()
            if not name.startswith(f"{LOGITS}/")
        )

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns none."""
        return {}

    def scale_gradients(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
        progress: tf.Tensor,
    ) -> Sequence[tf.Tensor | None]:
        """Zeroes the body's gradients, which leaves Adam's moments, and so the weights, at rest."""
        is_open = tf.cast(progress >= self.share, tf.float32)

        def gated(gradient: tf.Tensor | None, variable: tf.Variable) -> tf.Tensor | None:
            if gradient is None or variable.ref() not in self._body:
                return gradient
            return tf.math.multiply_no_nan(gradient, is_open)

        return [gated(*pair) for pair in zip(gradients, variables, strict=True)]


class FreezeThenTune(Composition):
    """Fine-tuning that first fits the logits layer to the target, on fixed features.

    A head that does not fit yet sends large gradients into the features and distorts them. After
    the first phase the gradients are small.

    References:
        Kumar et al., Fine-Tuning Can Distort Pretrained Features and Underperform
        Out-of-Distribution, ICLR 2022, section 3.4 (LP-FT).

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> target = Stream(None, tf.constant([1]), None, None, tf.zeros([1, 2]))
        >>> list(FreezeThenTune(context).losses({"target": target}, tf.constant(0.0)))
        ['target_cross_entropy']
    """

    required_streams = FineTune.required_streams

    def __init__(self, context: MethodContext) -> None:
        settings = context.settings.freeze_then_tune
        super().__init__(context, FineTune(context), HeadFirst(settings.head_share))
