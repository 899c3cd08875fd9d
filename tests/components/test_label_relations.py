"""Targets with the source's classes, some of them, others, or the same in another order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.core.arms import ARMS
from modules.models.checkpointing import read_checkpoint_variables
from tests.components.other_class_domains import Transfer, records, transfer_to, with_target
from tests.modules.transfer.warm_start_result import run
from tests.training_domain import CLASS_NAMES, TinyDomains, stroke_records

pytestmark = pytest.mark.e2e

SAME = CLASS_NAMES
PERMUTED = ("diagonal", "vertical", "horizontal")
SUBSET = ("horizontal", "vertical")
SUPERSET = ("cross", "diagonal", "horizontal", "vertical")
OVERLAPPING = ("vertical", "frame", "cross")
DISJOINT = ("frame", "cross")

TransferTo = Callable[..., Transfer]


@pytest.fixture(scope="module")
def transferred(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path_factory: pytest.TempPathFactory
) -> TransferTo:
    """Makes each transfer once."""
    done: dict[tuple[str, ...], Transfer] = {}

    def transferred_to(names: tuple[str, ...]) -> Transfer:
        if names not in done:
            folder = tmp_path_factory.mktemp("transfer")
            done[names] = transfer_to(names, tiny_domains, pretrained, folder, steps=6)
        return done[names]

    return transferred_to


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (SAME, "zero_shot"),
        (PERMUTED, "zero_shot"),
        (SUBSET, "zero_shot"),
        (SUPERSET, "probe"),
        (OVERLAPPING, "probe"),
        (DISJOINT, "probe"),
    ],
)
def test_every_arm_is_evaluated_on_the_targets_classes_and_the_source_on_its_own(
    transferred: TransferTo, names: tuple[str, ...], kind: str
) -> None:
    evaluation = transferred(names).evaluation
    assert evaluation["target"]["classes"] == list(names)
    assert evaluation["source"]["classes"] == list(CLASS_NAMES)
    assert evaluation["arms"]["pretrained"]["kind"] == kind
    for arm in ARMS:
        assert set(evaluation["arms"][arm]["per_class"]) == set(names)
    assert evaluation["source"]["accuracy"] > 0.8
    assert evaluation["source"]["accuracy_after_transfer"] > 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [(SAME, PERMUTED), (OVERLAPPING, ("cross", "vertical", "frame"))],
    ids=["known classes", "new classes"],
)
def test_the_order_of_the_targets_classes_changes_no_answer_of_any_arm(
    transferred: TransferTo, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    first, second = transferred(one), transferred(other)
    assert first.answers == second.answers
    for arm in ARMS:
        accuracies = [each.evaluation["arms"][arm]["accuracy"] for each in (first, second)]
        assert accuracies[0] == accuracies[1]
    for name, weights in first.result.weights.items():
        np.testing.assert_array_equal(weights, second.result.weights[name])


@pytest.mark.parametrize("arm", ["model", "pretrained_arm", "scratch/model"])
def test_a_subset_never_answers_a_class_that_it_does_not_have(
    transferred: TransferTo, arm: str
) -> None:
    served = transferred(SUBSET).served(arm)
    of_all_classes = tf.constant(stroke_records(10, seed=9))
    answers = served.signatures["serving_default"](examples=of_all_classes)
    assert set(answers["class_name"].numpy()) <= {b"horizontal", b"vertical"}
    assert answers["probabilities"].shape == (30, 2)
    np.testing.assert_allclose(np.sum(answers["probabilities"], axis=1), 1.0, rtol=1e-5)
    raw = served.signatures["predict_images"](images=tf.zeros([4, 9, 9, 1], tf.uint8))
    assert raw["probabilities"].shape == (4, 2)


def test_a_model_for_other_classes_still_answers_the_sources(transferred: TransferTo) -> None:
    for names in (SUBSET, DISJOINT):
        signatures = transferred(names).served().signatures
        answers = signatures["serving_source"](examples=tf.constant(stroke_records(10, seed=9)))
        right = [CLASS_NAMES[index % 3].encode() for index in range(30)]
        assert np.mean(answers["class_name"].numpy() == right) > 0.5
        assert answers["probabilities"].shape == (30, 3)
    assert "serving_source" not in transferred(SAME).served().signatures


def test_the_session_loader_of_tensorflow_1_reads_all_signatures(transferred: TransferTo) -> None:
    path = str(transferred(OVERLAPPING).folder / "model" / "Format-Serving")
    examples = records(OVERLAPPING, per_class=1, seed=9, prefix="eval")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], path)
        for signature in ("serving_default", "serving_source"):
            definition = meta.signature_def[signature]
            probabilities = session.run(
                definition.outputs["probabilities"].name,
                {definition.inputs["examples"].name: examples},
            )
            assert probabilities.shape == (3, 3)


def test_each_logit_says_where_it_came_from(transferred: TransferTo) -> None:
    rows = transferred(OVERLAPPING).result.mapping["rows"]
    assert [(row["class_name"], row["origin"]) for row in rows] == [
        ("vertical", "checkpoint row 0"),
        ("horizontal", "checkpoint row 1"),
        ("diagonal", "checkpoint row 2"),
        ("cross", "from a linear probe of 2 labelled images"),
        ("frame", "from a linear probe of 2 labelled images"),
    ]
    assert rows[0]["why"] == "the pretrained model has this class"
    assert "transfer.new_classes is probe" in rows[4]["why"]


def test_the_restored_network_is_proven_although_it_has_more_classes(
    transferred: TransferTo,
) -> None:
    metrics = transferred(OVERLAPPING).result.record.metrics
    assert metrics["restored_output_difference"] < 1e-4
    assert metrics["restored_source_accuracy"] > 0.8


def test_logits_of_unused_classes_stay_where_they_were_without_source_examples(
    tiny_domains: TinyDomains, pretrained: Path, tmp_path: Path
) -> None:
    domains = with_target(SUBSET, tiny_domains, tmp_path)
    result = run(domains, pretrained, tmp_path, steps=3, method="fine_tune")
    before = read_checkpoint_variables(str(pretrained / "model" / "checkpoint"))["logits/kernel"]
    after = result.weights["logits/kernel"]
    np.testing.assert_array_equal(after[:, 2], before[:, 2])
    assert not np.array_equal(after[:, :2], before[:, :2])


def test_the_pretrained_arm_is_the_pretrained_model_where_it_knows_the_classes(
    transferred: TransferTo, pretrained: Path
) -> None:
    examples = tf.constant(stroke_records(10, seed=9))
    model = tf.saved_model.load(str(pretrained / "model" / "Format-Serving"))
    expected = model.signatures["serving_default"](examples=examples)["class_name"].numpy()
    for names in (SAME, PERMUTED):
        arm = transferred(names).served("pretrained_arm")
        found = arm.signatures["serving_default"](examples=examples)["class_name"].numpy()
        assert found.tolist() == expected.tolist()
