"""Run parameters reach the settings they belong to, in the right type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.container_entrypoint.parameters import Binding, apply_bindings
from modules.core.errors import WarmstartError
from modules.settings import TransferSettings


def bind(type_name: Any, *paths: list[str]) -> dict[str, Binding]:
    return {"run": {"type": type_name, "paths": list(paths)}}


@given(st.floats(min_value=1e-9, max_value=1))
def test_a_learning_rate_reaches_settings_inside_json_inside_json(rate: float) -> None:
    config = json.dumps({"transfer": TransferSettings().model_dump_json(), "seed": 0})
    result = apply_bindings(
        {"custom_config": config, "run": rate},
        bind("number", ["custom_config", "transfer", "learning_rate"]),
    )
    found = json.loads(result["custom_config"])
    settings = TransferSettings.model_validate_json(found["transfer"])
    assert settings == TransferSettings(learning_rate=rate)
    assert found["seed"] == 0


@pytest.mark.parametrize(("value", "expected"), [("5", 5), ("all", "all"), ("0", 0)])
@pytest.mark.parametrize("before", ["10", '"all"'])
def test_shots_are_a_number_or_a_word(value: str, expected: object, before: str) -> None:
    result = apply_bindings(
        {"config": f'{{"shots": {before}}}', "run": value}, bind("word", ["config", "shots"])
    )
    assert json.loads(result["config"]) == {"shots": expected}


def test_a_parameter_that_the_component_declares_as_text_stays_text() -> None:
    assert apply_bindings({"shots": "10", "run": "5"}, bind("word", ["shots"])) == {"shots": "5"}


def test_a_whole_number_that_kubeflow_sends_as_a_float_is_an_integer_again() -> None:
    result = apply_bindings({"seed": 0, "run": 7.0}, bind("integer", ["seed"]))
    assert result == {"seed": 7}
    assert isinstance(result["seed"], int)


def test_one_parameter_may_go_to_several_places() -> None:
    result = apply_bindings(
        {"a": '{"x": 1}', "b": 2, "run": 3.0}, bind("integer", ["a", "x"], ["b"])
    )
    assert result == {"a": '{"x": 3}', "b": 3}


def test_without_a_value_the_compiled_settings_stay() -> None:
    assert apply_bindings({"a": 1}, bind("integer", ["a"])) == {"a": 1}


def test_the_given_values_are_not_changed() -> None:
    values = {"a": '{"x": {"y": 1}}', "run": 2}
    apply_bindings(values, bind("integer", ["a", "x", "y"]))
    assert values == {"a": '{"x": {"y": 1}}', "run": 2}


def test_a_value_of_the_wrong_type_is_refused_by_name() -> None:
    with pytest.raises(WarmstartError, match="run parameter 'run': expected a number, found 'x'"):
        apply_bindings({"a": 1.0, "run": "x"}, bind("number", ["a"]))
