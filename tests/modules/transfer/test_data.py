"""Which examples of the two domains a transfer trains on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modules.core.errors import ConfigError
from modules.domains.label_space import LabelSpace
from modules.examples.input_pipeline import ImagePreprocessor, PreprocessedExamples
from modules.settings import Shots
from modules.transfer import data as transfer_data
from modules.transfer.data import TrainSplit, TransferData, select_transfer_data
from tests.training_domain import CLASS_NAMES, TRANSFER, TRANSFER_PLAN, TinyDomains


def load(domains: TinyDomains, shots: Shots = 2, seed: int = 0, **transfer: Any) -> TransferData:
    settings = TRANSFER.model_copy(update=transfer)
    plan = TRANSFER_PLAN.model_copy(update={"transfer": settings, "shots": shots, "seed": seed})
    preprocessor = ImagePreprocessor(str(domains.transform_graph))
    target, source = (
        TrainSplit.open(str(path), preprocessor, 64) for path in (domains.target, domains.source)
    )
    return select_transfer_data(plan, target, source, LabelSpace(CLASS_NAMES, CLASS_NAMES))


def source_of(data: TransferData) -> PreprocessedExamples:
    assert data.source is not None
    return data.source


def test_a_method_gets_the_streams_that_it_names(tiny_domains: TinyDomains) -> None:
    assert set(load(tiny_domains, method="fine_tune").streams) == {"target"}
    assert set(load(tiny_domains, method="joint").streams) == {"source", "target"}
    assert set(load(tiny_domains, method="coral").streams) == {"source", "target", "unlabelled"}
    assert not load(tiny_domains, method="zero_shot").streams


def test_optional_shots_may_be_none(tiny_domains: TinyDomains) -> None:
    data = load(tiny_domains, shots=0, method="coral")
    assert set(data.streams) == {"source", "unlabelled"}
    assert data.shots is None


def test_unlabelled_are_all_target_images_without_their_labels(tiny_domains: TinyDomains) -> None:
    data = load(tiny_domains, method="coral")
    unlabelled = data.streams["unlabelled"]
    assert len(unlabelled) == 24
    assert unlabelled.labels is None
    assert data.shots is not None
    # The shots are the same however many other images are read.
    alone = load(tiny_domains, method="fine_tune").streams["target"]
    np.testing.assert_allclose(data.shots.images, alone.images, atol=1e-5)
    assert data.shots.example_ids.tolist() == alone.example_ids.tolist()


def test_of_many_unlabelled_images_some_are_drawn_and_the_shots_stay_the_same(
    tiny_domains: TinyDomains,
) -> None:
    data = load(tiny_domains, method="coral", unlabelled_images=10)
    drawn, everything = (
        part.streams["unlabelled"] for part in (data, load(tiny_domains, method="coral"))
    )
    assert len(drawn) == 10
    rows = np.searchsorted(everything.example_ids, drawn.example_ids)
    np.testing.assert_array_equal(drawn.example_ids, everything.example_ids[rows])
    np.testing.assert_allclose(drawn.images, everything.images[rows], atol=1e-5)
    assert data.shots is not None
    np.testing.assert_array_equal(
        data.shots.example_ids, load(tiny_domains, method="joint").streams["target"].example_ids
    )


def test_no_more_of_the_source_is_read_than_the_steps_can_use(
    tiny_domains: TinyDomains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_data, "PROOF_EXAMPLES", 10)
    few = load(tiny_domains, method="joint", steps=5, source_batch_size=4)
    assert len(few.streams["source"]) == 20
    assert len(source_of(load(tiny_domains, method="joint", steps=1, source_batch_size=4))) == 10
    assert len(source_of(load(tiny_domains, method="joint", steps=500))) == 90


def test_the_sample_of_the_source_follows_the_seed(
    tiny_domains: TinyDomains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_data, "PROOF_EXAMPLES", 10)
    one, same, other = (load(tiny_domains, seed=seed, method="zero_shot") for seed in (1, 1, 2))
    first, again, third = (source_of(each).example_ids.tolist() for each in (one, same, other))
    assert first == again
    assert first != third


def test_a_method_that_must_have_shots_is_refused_without(tiny_domains: TinyDomains) -> None:
    with pytest.raises(ConfigError, match=r"'fine_tune'.*target\.shots is 0.*zero_shot"):
        load(tiny_domains, shots=0, method="fine_tune")


def test_a_split_that_is_preprocessed_at_once_gives_the_same_examples(
    tiny_domains: TinyDomains,
) -> None:
    lazy = TrainSplit.open(
        str(tiny_domains.source), ImagePreprocessor(str(tiny_domains.transform_graph)), 64
    )
    eager = lazy.preprocessed()
    for rows in (None, np.array([5, 2]), np.array([88])):
        one, other = lazy.preprocess(rows), eager.preprocess(rows)
        np.testing.assert_allclose(one.images, other.images, atol=1e-5)
        assert one.example_ids.tolist() == other.example_ids.tolist()
    assert eager.preprocess(np.array([5, 2])) is eager.preprocess(np.array([5, 2]))
