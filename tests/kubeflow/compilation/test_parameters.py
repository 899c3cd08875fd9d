"""The table of run parameters names every place that a configured value reaches, and no other."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.config import Config, load_config
from pipelines.kubeflow.compiler import tfx_specification
from pipelines.kubeflow.parameters import NOWHERE, RUN_PARAMETERS, RunParameter
from tests.kubeflow.conftest import IMAGE, PIPELINE_ROOT

SCENARIOS = ("configs/mnist_to_optdigits.yaml", "configs/tutorial.yaml")
# Sets the value behind a run parameter to one that no scenario has.
CHANGES = {
    "shots": "target.shots=7",
    "seed": "seed=41",
    "learning_rate": "transfer.learning_rate=0.0625",
    "target_path": "target.path=data/elsewhere",
}
PARAMETERS = {parameter.name: parameter for parameter in RUN_PARAMETERS}


def config_of(scenario: str, *overrides: str) -> Config:
    return load_config(scenario, [*overrides, "name=digits"])


@functools.cache
def specification(scenario: str, *overrides: str) -> Any:
    """The scenario as TFX compiles it, without run parameters."""
    config = config_of(scenario, *overrides)
    return tfx_specification({None: config}, image=IMAGE, pipeline_root=PIPELINE_ROOT)


def values(scenario: str, *overrides: str) -> dict[tuple[str, str], Any]:
    """Every value of every task, by component and place, down into nested JSON."""
    tasks = specification(scenario, *overrides)["root"]["dag"]["tasks"]
    return {
        (component, place): value
        for component, task in tasks.items()
        for name, given in task["inputs"].get("parameters", {}).items()
        for place, value in leaves(name, given.get("runtimeValue", {}).get("constant"))
    }


def leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    tree = value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            tree = json.loads(value)
    if not isinstance(tree, dict):
        yield place, value
        return
    for key, child in tree.items():
        yield from leaves(f"{place}.{key}", child)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_value_changes_exactly_the_places_of_the_table(scenario: str, name: str) -> None:
    # Then the search for what is served knows how the training goes, too.
    start = "transfer.start=served"
    before, after = values(scenario, start), values(scenario, start, CHANGES[name])
    changed = {place for place in {*before, *after} if before.get(place) != after.get(place)}
    # The scenarios pretrain: none of them imports a model.
    components = {component for component, _ in before}
    there = {place for place in PARAMETERS[name].places.items() if place[0] in components}
    assert changed == there
    assert set(PARAMETERS[name].places) - components <= {"ModelImporter"}
    # The entrypoint writes the run's value as it is, so no place may hold a value derived from it.
    expected = PARAMETERS[name].default(config_of(scenario, CHANGES[name]))
    for place in changed:
        assert after[place] == expected or str(after[place]) == expected, place


def test_only_the_version_of_the_target_belongs_nowhere() -> None:
    nowhere = {name for name, item in PARAMETERS.items() if NOWHERE in item.places.values()}
    assert nowhere == {"target_version"}
    assert set(PARAMETERS) == {*CHANGES, *nowhere}


@pytest.mark.parametrize("parameter", RUN_PARAMETERS, ids=lambda parameter: parameter.name)
def test_a_whole_parameter_has_the_type_of_the_runs(parameter: RunParameter) -> None:
    for component, place in parameter.places.items():
        if place != NOWHERE and "." not in place:
            declared = specification(SCENARIOS[0])["components"][component]["inputDefinitions"]
            assert declared["parameters"][place] == {"parameterType": parameter.declared_type}
