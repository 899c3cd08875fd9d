"""Transfer methods that are sums of objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import tensorflow as tf

from modules.training.objectives import CrossEntropy, Objective, Preparation, Stream
from modules.transfer.composition import Composition
from tests.modules.transfer.tiny_transfer import context, network, preparation, stream


class Recorder(Objective):
    """Doubles gradients and notes what it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.calls: list[str] = []
        self.variable = tf.Variable(1.0)

    def prepare(self, preparation: Preparation) -> None:
        self.calls.append("prepare")

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        return {self.name: tf.constant(2.0)}

    def extra_variables(self) -> Sequence[tf.Variable]:
        return [self.variable]

    def scale_gradients(
        self, gradients: Sequence, variables: Sequence, progress: tf.Tensor
    ) -> Sequence:
        return [2 * gradient + 1 for gradient in gradients]

    def after_step(self, streams: Mapping[str, Stream]) -> None:
        self.calls.append("after_step")


def test_losses_and_variables_of_all_parts_are_put_together() -> None:
    one, other = Recorder("one"), Recorder("other")
    both = Composition(context(), one, other)
    assert {name: float(loss) for name, loss in both.losses({}, tf.constant(0.0)).items()} == {
        "one": 2.0,
        "other": 2.0,
    }
    assert [variable.ref() for variable in both.extra_variables()] == [
        one.variable.ref(),
        other.variable.ref(),
    ]


def test_gradients_pass_through_the_parts_in_order() -> None:
    both = Composition(context(), Recorder("one"), Recorder("other"))
    assert both.scale_gradients([1.0], [], tf.constant(0.0)) == [7.0]


def test_every_part_is_prepared_and_updated() -> None:
    parts = Recorder("one"), Recorder("other")
    both = Composition(context(), *parts)
    both.prepare(preparation(network()))
    both.after_step({})
    assert all(part.calls == ["prepare", "after_step"] for part in parts)


def test_no_loss_hides_another_of_the_same_name() -> None:
    twice = Composition(context(), CrossEntropy("source"), CrossEntropy("source"))
    with pytest.raises(ValueError, match="have a loss 'cross_entropy'"):
        twice.losses({"source": stream(labels=[0])}, tf.constant(0.0))


def test_checkpoints_reach_the_parts_variables() -> None:
    one = Recorder("one")
    assert one.variable.ref() in {v.ref() for v in Composition(context(), one).variables}
