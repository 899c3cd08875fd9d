"""Run parameters of the compiled pipeline: what a run may change without compiling again.

A runtime parameter of TFX can only stand for a whole parameter of a component, but most values
travel inside JSON settings. There the container's entrypoint puts them in place
(`components/container_entrypoint/parameters.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.container_entrypoint.parameters import Binding
from pipelines.config import Config
from pipelines.kubeflow.spec import Spec, container_of
from pipelines.node_ids import node_id

# The task takes the value, so that Kubeflow's cache sees it, and drops it.
NOWHERE = ""
_TARGET_VERSION = "target_version"
# Keeps a run's parameter apart from a component's own parameter of that name.
_PREFIX = "run_"


@dataclass(frozen=True)
class RunParameter:
    """A value that a run may set.

    Attributes:
        name: Name of the pipeline's parameter.
        declared_type: Kubeflow's type of the parameter.
        binding_type: How the entrypoint reads the value where it belongs inside settings.
        default: Returns the configured value.
        places: Where the value belongs, by component: the name of a parameter of the component,
            or that name followed by keys into its JSON, joined by dots.
        is_shared: Whether several targets have one value.
    """

    name: str
    declared_type: Literal["NUMBER_INTEGER", "NUMBER_DOUBLE", "STRING"]
    binding_type: Literal["integer", "number", "text", "word"]
    default: Callable[[Config], Any]
    places: Mapping[str, str]
    is_shared: bool = False


RUN_PARAMETERS = (
    RunParameter(
        "shots",
        "STRING",
        "word",
        lambda config: str(config.target.shots),
        {
            "ScratchTrainer": "custom_config.plan.shots",
            "WarmStartTrainer": "plan.shots",
            "ServedModelFinder": "plan.shots",
            "TransferEvaluator": "shots",
        },
    ),
    RunParameter(
        "seed",
        "NUMBER_INTEGER",
        "integer",
        lambda config: config.seed,
        {
            "PretrainTrainer": "custom_config.plan.seed",
            "ModelImporter": "plan.seed",
            "ScratchTrainer": "custom_config.plan.seed",
            "WarmStartTrainer": "plan.seed",
            "ServedModelFinder": "plan.seed",
            "TransferEvaluator": "seed",
        },
        is_shared=True,
    ),
    RunParameter(
        "learning_rate",
        "NUMBER_DOUBLE",
        "number",
        lambda config: config.transfer.learning_rate,
        {
            "ScratchTrainer": "custom_config.plan.transfer.learning_rate",
            "WarmStartTrainer": "plan.transfer.learning_rate",
            "ServedModelFinder": "plan.transfer.learning_rate",
        },
    ),
    RunParameter(
        "target_path",
        "STRING",
        "text",
        lambda config: config.target.folder,
        {"TargetExampleGen": "input_base"},
    ),
    # Kubeflow's cache compares the parameters of a task, not the files behind a path.
    RunParameter(
        _TARGET_VERSION, "STRING", "text", lambda config: "0", {"TargetExampleGen": NOWHERE}
    ),
)


def add_run_parameters(spec: Spec, by_target: Mapping[str | None, Config]) -> None:
    """Declares the run parameters, by default as configured, and connects them, in place.

    With several targets, each has parameters of its own, such as `site_a_shots`; the seed is one
    for all.

    Args:
        spec: The specification, whose nodes have TFX's names.
        by_target: The scenario of each target; None is the only one.
    """
    declared = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    for target, config in by_target.items():
        for parameter in RUN_PARAMETERS:
            name = parameter.name
            if target is not None and not parameter.is_shared:
                name = f"{target.replace('-', '_')}_{name}"
            declared[name] = {
                "parameterType": parameter.declared_type,
                "defaultValue": parameter.default(config),
            }
            for component, place in parameter.places.items():
                for node in dict.fromkeys((node_id(component, target), component)):
                    # An imported model is not pretrained; what is served may not be a start.
                    if _has_place(spec, node, place):
                        _connect(spec, node, parameter, place, name)


def target_versions(declared: Iterable[str]) -> list[str]:
    """Returns those of a pipeline's parameters that say which version of its data a target has.

    Example:
        >>> target_versions(["seed", "north_target_version", "south_target_version"])
        ['north_target_version', 'south_target_version']
    """
    return [name for name in declared if f"_{name}".endswith(f"_{_TARGET_VERSION}")]


def add_binding(spec: Spec, component: str, name: str, binding: Binding) -> None:
    """Tells the entrypoint of a component's task where an input belongs."""
    arguments = container_of(spec, component)["args"]
    if "--parameter_bindings" not in arguments:
        arguments += ["--parameter_bindings", "{}"]
    position = arguments.index("--parameter_bindings") + 1
    bindings = json.loads(arguments[position]) | {name: binding}
    arguments[position] = json.dumps(bindings, sort_keys=True)


def _has_place(spec: Spec, component: str, place: str) -> bool:
    if component not in spec["components"]:
        return False
    declared = spec["components"][component].get("inputDefinitions", {}).get("parameters", {})
    return place == NOWHERE or place.partition(".")[0] in declared


def _connect(
    spec: Spec, component: str, parameter: RunParameter, place: str, declared_name: str
) -> None:
    task = spec["root"]["dag"]["tasks"][component]
    run_value = {"componentInputParameter": declared_name}
    if place and "." not in place:
        task["inputs"]["parameters"][place] = run_value
        return
    name = _PREFIX + parameter.name
    paths = [] if place == NOWHERE else [place.split(".")]
    declared = spec["components"][component]["inputDefinitions"]["parameters"]
    declared[name] = {"parameterType": parameter.declared_type}
    task["inputs"]["parameters"][name] = run_value
    add_binding(spec, component, name, {"type": parameter.binding_type, "paths": paths})
