"""Cross-entropy on all labelled examples, of one domain or both."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from modules.training.objectives import (
    SOURCE,
    TARGET,
    Objective,
    Stream,
    cross_entropy,
    mean_over_batch,
)


class LabelledDomains(Objective):
    """The part of a method for unlabelled images that trains on labels: joint training.

    The loss is the mean over all source and target examples of the step; without shots it is the
    source's alone.

    Example:
        >>> stream = Stream(None, tf.constant([1]), None, None, tf.zeros([1, 2]))
        >>> losses = LabelledDomains().losses({"source": stream, "unlabelled": stream}, 0.0)
        >>> {name: round(float(loss), 4) for name, loss in losses.items()}
        {'source_cross_entropy': 0.6931}
    """

    def __init__(self) -> None:
        super().__init__(name="labelled_domains")

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns each labelled domain's part of the mean cross-entropy."""
        return labelled_losses(
            {name: cross_entropy(streams[name]) for name in (SOURCE, TARGET) if name in streams}
        )


def labelled_losses(per_example: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Averages the domains' losses, each example counting the same.

    Args:
        per_example: By domain, f32 [B].

    Returns:
        `<domain>_cross_entropy` by domain, f32 scalars, whose sum is the mean.
    """
    total = tf.cast(tf.add_n([tf.size(losses) for losses in per_example.values()]), tf.float32)
    return {
        f"{name}_cross_entropy": tf.cast(tf.size(losses), tf.float32)
        / total
        * mean_over_batch(losses)
        for name, losses in per_example.items()
    }
