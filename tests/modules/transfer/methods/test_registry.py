"""Transfer methods by name."""

from __future__ import annotations

import doctest
import importlib

import pytest
import tensorflow as tf

from modules.core.errors import ConfigError
from modules.settings import CenterLossSettings, TransferSettings
from modules.training.objectives import SOURCE, TARGET, UNLABELLED, Stream
from modules.transfer.methods import (
    TRANSFER_METHODS,
    MethodContext,
    create_transfer_method,
)
from tests.modules.transfer.methods.test_center_loss import has_center_loss


def context(weight: float = 0.0) -> MethodContext:
    settings = TransferSettings(center_loss=CenterLossSettings(weight=weight))
    return MethodContext(settings, num_classes=3, feature_dim=4, seed=0)


def test_the_names_are_sorted_and_hold_the_first_methods() -> None:
    names = TRANSFER_METHODS.names()
    assert list(names) == sorted(names)
    assert {"fine_tune", "joint", "zero_shot"} <= set(names)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"transfer\.method.*'join'.*did you mean 'joint'"):
        create_transfer_method("join", context())


@pytest.mark.parametrize("name", TRANSFER_METHODS.names())
def test_a_method_names_known_streams_only(name: str) -> None:
    method = TRANSFER_METHODS.find(name)
    known = {SOURCE, TARGET, UNLABELLED}
    assert method.required_streams | method.optional_streams <= known
    assert not method.required_streams & method.optional_streams


@pytest.mark.parametrize("name", TRANSFER_METHODS.names())
def test_a_method_that_trains_on_labels_gets_center_loss_with_a_weight(name: str) -> None:
    method = TRANSFER_METHODS.find(name)
    labelled = bool((method.required_streams | method.optional_streams) & {SOURCE, TARGET})
    assert has_center_loss(create_transfer_method(name, context(weight=0.1))) is labelled
    assert not has_center_loss(create_transfer_method(name, context(weight=0.0)))


@pytest.mark.parametrize("name", TRANSFER_METHODS.names())
def test_a_method_says_where_it_comes_from_and_its_example_runs(name: str) -> None:
    method = TRANSFER_METHODS.find(name)
    assert "References:" in (method.__doc__ or "")
    module = importlib.import_module(method.__module__)
    names = {
        "MethodContext": MethodContext,
        "Stream": Stream,
        "TransferSettings": TransferSettings,
        "tf": tf,
    }
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted > 0
    assert result.failed == 0
