"""Transfer methods that are sums of objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from modules.training.objectives import (
    SOURCE,
    TARGET,
    UNLABELLED,
    Objective,
    Preparation,
    Stream,
)
from modules.transfer.losses.labelled_domains import LabelledDomains
from modules.transfer.method import MethodContext, TransferMethod


class Composition(TransferMethod):
    """A sum of objectives: their losses add up, and their variables train together.

    Args:
        context: Settings and sizes.
        parts: The objectives. No two may have a loss of the same name. Gradients pass through the
            parts in this order.

    Example:
        >>> context = MethodContext(TransferSettings(), num_classes=2, feature_dim=3, seed=0)
        >>> both = Composition(context, CrossEntropy("target"), CrossEntropy("source"))
        >>> stream = Stream(None, tf.constant([1]), None, None, tf.zeros([1, 2]))
        >>> both.losses({"source": stream, "target": stream}, 0.0)
        Traceback (most recent call last):
        ValueError: Two parts of Composition have a loss 'cross_entropy'.
    """

    def __init__(self, context: MethodContext, *parts: Objective) -> None:
        super().__init__(context)
        self.parts = list(parts)

    def prepare(self, preparation: Preparation) -> None:
        """Prepares every part."""
        for part in self.parts:
            part.prepare(preparation)

    def facts(self) -> dict[str, float]:
        """Returns the facts of all parts."""
        return {name: value for part in self.parts for name, value in part.facts().items()}

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the losses of all parts."""
        losses: dict[str, tf.Tensor] = {}
        for part in self.parts:
            named = part.losses(streams, progress)
            if repeated := losses.keys() & named.keys():
                raise ValueError(f"Two parts of {self.name} have a loss '{min(repeated)}'.")
            losses.update(named)
        return losses

    def extra_variables(self) -> Sequence[keras.Variable | tf.Variable]:
        """Lists the extra variables of all parts."""
        return [variable for part in self.parts for variable in part.extra_variables()]

    def scale_gradients(
        self,
        gradients: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable | tf.Variable],
        progress: tf.Tensor,
    ) -> Sequence[tf.Tensor | None]:
        """Passes the gradients through each part in turn."""
        for part in self.parts:
            gradients = part.scale_gradients(gradients, variables, progress)
        return gradients

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        """Updates the state of every part."""
        for part in self.parts:
            part.after_step(streams)


class JointComposition(Composition):
    """Joint training on the labels that there are, and objectives on unlabelled target images."""

    required_streams = frozenset({UNLABELLED})
    optional_streams = frozenset({SOURCE, TARGET})
    has_center_loss = True

    def __init__(self, context: MethodContext, *objectives: Objective) -> None:
        super().__init__(context, LabelledDomains(), *objectives)
