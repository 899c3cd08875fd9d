"""What TFX's Trainer hands over, in this project's types."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from modules.settings import NetworkSettings, Shots
from modules.training.run_fn_arguments import examples_uri, model_uri, parse_shots, read_settings
from tests.training_domain import fn_args


def arguments(**custom_config: NetworkSettings | str) -> SimpleNamespace:
    return fn_args(Path("/examples/7"), Path("/graph/5"), Path("/trainer"), **custom_config)


def test_artifacts_are_found_from_the_paths_inside_them() -> None:
    assert examples_uri(arguments()) == "/examples/7"
    assert model_uri(arguments()) == "/trainer/model"


def test_settings_arrive_as_they_were_sent() -> None:
    network = NetworkSettings(image_size=12, dropout=0.25)
    assert read_settings(arguments(network=network), "network", NetworkSettings) == network


def test_settings_with_an_unknown_key_are_refused() -> None:
    with pytest.raises(ValidationError, match="unknown"):
        read_settings(arguments(network='{"unknown": 1}'), "network", NetworkSettings)


@pytest.mark.parametrize(
    ("given", "meant"), [("all", "all"), ("10", 10), (10, 10), ("0", 0), (0, 0)]
)
def test_shots_are_a_number_or_all(given: str | int, meant: Shots) -> None:
    assert parse_shots(given) == meant
