"""Each domain's examples compete among its own classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

from modules.domains.label_space import LabelSpace
from modules.training.objectives import CrossEntropy, Objective, Preparation, Stream
from modules.transfer.class_masks import MaskedObjective, class_masks
from modules.transfer.losses.information_maximization import divergence, entropies
from modules.transfer.losses.neighbourhood_guesses import guess_from_neighbourhoods
from modules.transfer.methods import TRANSFER_METHODS, MethodContext, create_transfer_method
from tests.modules.transfer.tiny_transfer import (
    CLASSES,
    FEATURES,
    context,
    domains,
    network,
    preparation,
    stream,
)

SPACE = LabelSpace(("a", "b"), ("c", "a"))


def test_nothing_is_masked_where_a_domain_has_every_class() -> None:
    assert class_masks(LabelSpace(("a", "b"), ("b", "a"))) == {}
    assert set(class_masks(LabelSpace(("a", "b"), ("b",)))) == {"target", "unlabelled"}
    assert set(class_masks(LabelSpace(("a",), ("b", "a")))) == {"source"}


def test_a_masked_class_takes_no_probability_and_gets_no_gradient() -> None:
    logits = tf.Variable([[1.0, 50.0, 0.0]])
    objective = MaskedObjective(context(), CrossEntropy("target"), class_masks(SPACE))
    with tf.GradientTape() as tape:
        streams = {"target": stream(logits=logits, labels=[2])}
        loss = objective.losses(streams, 0.0)["cross_entropy"]
    assert float(loss) == pytest.approx(np.log(1 + np.e), rel=1e-5)
    gradient = tape.gradient(loss, logits).numpy()
    assert gradient[0, 1] == 0.0
    assert np.isfinite(gradient).all()


def test_entropy_and_divergence_stay_finite_behind_a_mask() -> None:
    logits = tf.Variable([[1.0, 50.0, 0.0], [0.0, -3.0, 2.0]])
    tiny = float(np.finfo(np.float32).tiny)
    with tf.GradientTape() as tape:
        masked = logits + class_masks(SPACE)["unlabelled"]
        loss = tf.reduce_mean(entropies(masked)) + divergence(masked, [0.5, tiny, 0.5])
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(float(loss))
    assert np.isfinite(gradient).all()
    assert not gradient[:, 1].any()


def test_no_unlabelled_image_is_taken_for_a_class_that_the_target_does_not_have() -> None:
    masks = class_masks(LabelSpace(("0", "1", "2"), ("2", "0")))
    streams = domains(shots=0)
    made = preparation(network(), streams)
    guesses = guess_from_neighbourhoods(
        Preparation(made.network, made.examples, made.copy_network, masks)
    )
    assert not guesses.probabilities[:, 1].any()
    assert not guesses.propagated[:, 1].any()
    shares = guesses.class_shares()
    assert shares[[0, 2]].sum() == pytest.approx(1.0, rel=1e-5)
    assert 0.0 < shares[1] < 1e-30


class _Recorder(Objective):
    def __init__(self) -> None:
        super().__init__(name="recorder")

    def losses(self, streams: Mapping[str, Stream], progress: tf.Tensor) -> dict[str, tf.Tensor]:
        self.seen = {name: part.logits.numpy().tolist() for name, part in streams.items()}
        return {}


def test_a_stream_without_a_mask_stays_as_it_is() -> None:
    recorder = _Recorder()
    masked = MaskedObjective(
        context(), recorder, {"source": np.array([0.0, -1e9, 0.0], np.float32)}
    )
    masked.losses({"source": stream(logits=[[1, 2, 3]]), "other": stream(logits=[[4, 5, 6]])}, 0.0)
    assert recorder.seen == {"source": [[1.0, -1e9, 3.0]], "other": [[4.0, 5.0, 6.0]]}


@pytest.mark.parametrize("name", TRANSFER_METHODS.names())
def test_every_method_says_which_relations_it_can_do(name: str) -> None:
    method = TRANSFER_METHODS.find(name)
    assert {"same", "permuted"} <= method.label_relations
    made: MethodContext = context()
    assert (made.num_classes, made.feature_dim) == (CLASSES, FEATURES)
    assert create_transfer_method(name, made)
