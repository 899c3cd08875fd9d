"""Run parameters of the compiled pipeline: what can change from run to run without compiling.

TFX lets a runtime parameter stand only for a whole parameter of a component, but most values here
travel inside JSON settings. So the pipeline is built twice, once with another value of a
configuration key: where the two differ is where the value belongs. The container's entrypoint
puts it there (`components/container_entrypoint/parameters.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modules.settings import Settings
from pipelines.config import Config

Spec = dict[str, Any]
# Keeps a run's parameter apart from a component's own parameter of that name.
_PREFIX = "run_"


@dataclass(frozen=True)
class RunParameter:
    """A configuration key that a run may set.

    Attributes:
        name: Of the pipeline's parameter.
        key: Of the configuration, dotted.
        declared_type: Kubeflow's type of the parameter.
        binding_type: How the entrypoint reads the value.
        other: Gives another valid value than the configured one.
    """

    name: str
    key: str
    declared_type: Literal["NUMBER_INTEGER", "NUMBER_DOUBLE", "STRING"]
    binding_type: Literal["integer", "number", "text", "word"]
    other: Callable[[Any], Any]

    def default(self, config: Config) -> Any:
        """Returns the configured value in the parameter's type."""
        value = _get(config, self.key)
        return str(value) if self.declared_type == "STRING" else value


RUN_PARAMETERS = (
    RunParameter("shots", "target.shots", "STRING", "word", lambda value: 987_654),
    RunParameter("seed", "seed", "NUMBER_INTEGER", "integer", lambda value: value ^ 1),
    RunParameter(
        "learning_rate",
        "transfer.learning_rate",
        "NUMBER_DOUBLE",
        "number",
        lambda value: value / 2,
    ),
    RunParameter("target_path", "target.path", "STRING", "text", lambda value: f"{value}-other"),
)


def add_run_parameters(spec: Spec, config: Config, build: Callable[[Config], Spec]) -> None:
    """Declares the run parameters and connects them to the tasks that use them.

    Args:
        spec: What `build` gave for `config`; it is changed in place.
        config: The configured values, which become the defaults.
        build: Compiles a configuration.

    Raises:
        RuntimeError: A value does not reach a task as it is, but only what is derived from it.
    """
    declared = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    for parameter in RUN_PARAMETERS:
        value = _get(config, parameter.key)
        other = parameter.other(value)
        variant = build(_set(config, parameter.key, other))
        declared[parameter.name] = {
            "parameterType": parameter.declared_type,
            "defaultValue": parameter.default(config),
        }
        for task_name, task in _tasks(spec).items():
            differences = _task_differences(task, _tasks(variant)[task_name])
            _connect(spec, task, parameter, list(_checked(parameter, differences, value, other)))


def add_version_parameter(spec: Spec, name: str, task_name: str) -> None:
    """Declares a parameter that does nothing but tell Kubeflow's cache that data have changed.

    Kubeflow keys its cache on a task's parameters; it does not look at the files behind a path.
    """
    task = _tasks(spec)[task_name]
    declared = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    declared[name] = {"parameterType": "STRING", "defaultValue": "0"}
    _bind(spec, task, name, {"parameterType": "STRING"}, {"type": "text", "paths": []})


def container_of(spec: Spec, task: Spec) -> Spec:
    """Returns the container specification that runs a task."""
    component = spec["components"][task["componentRef"]["name"]]
    return spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]


def _connect(spec: Spec, task: Spec, parameter: RunParameter, paths: list[list[str]]) -> None:
    inner = []
    for path in paths:
        own = spec["components"][task["componentRef"]["name"]]["inputDefinitions"]["parameters"]
        if len(path) == 1 and own[path[0]]["parameterType"] == parameter.declared_type:
            task["inputs"]["parameters"][path[0]] = {"componentInputParameter": parameter.name}
        else:
            inner.append(path)
    if inner:
        binding = {"type": parameter.binding_type, "paths": inner}
        _bind(spec, task, parameter.name, {"parameterType": parameter.declared_type}, binding)


def _bind(spec: Spec, task: Spec, name: str, declaration: Spec, binding: Spec) -> None:
    component = spec["components"][task["componentRef"]["name"]]
    component["inputDefinitions"]["parameters"][_PREFIX + name] = declaration
    task["inputs"]["parameters"][_PREFIX + name] = {"componentInputParameter": name}
    add_binding(spec, task, _PREFIX + name, binding)


def add_binding(spec: Spec, task: Spec, name: str, binding: Spec) -> None:
    """Tells a task's entrypoint where an input belongs."""
    arguments = container_of(spec, task)["args"]
    if "--parameter_bindings" not in arguments:
        arguments += ["--parameter_bindings", "{}"]
    position = arguments.index("--parameter_bindings") + 1
    bindings = json.loads(arguments[position]) | {name: binding}
    arguments[position] = json.dumps(bindings, sort_keys=True)


def _checked(
    parameter: RunParameter,
    differences: Iterator[tuple[list[str], Any, Any]],
    value: Any,
    other: Any,
) -> Iterator[list[str]]:
    for path, before, after in differences:
        whole = len(path) == 1
        if (before, after) != (value, other) and not (
            whole and (before, after) == (str(value), str(other))
        ):
            raise RuntimeError(
                f"{parameter.key} reaches {'.'.join(path)} as {after!r}, derived from {other!r}: "
                "it cannot be a run parameter."
            )
        yield path


def _task_differences(task: Spec, variant: Spec) -> Iterator[tuple[list[str], Any, Any]]:
    others = variant.get("inputs", {}).get("parameters", {})
    for name, value in task.get("inputs", {}).get("parameters", {}).items():
        if "runtimeValue" in value:
            after = others[name]["runtimeValue"]["constant"]
            yield from _differences([name], value["runtimeValue"]["constant"], after)


def _differences(path: list[str], before: Any, after: Any) -> Iterator[tuple[list[str], Any, Any]]:
    if before == after:
        return
    before_tree, after_tree = _as_tree(before), _as_tree(after)
    if before_tree is None or after_tree is None:
        yield path, before, after
        return
    for key in sorted({*before_tree, *after_tree}):
        yield from _differences([*path, key], before_tree.get(key), after_tree.get(key))


def _as_tree(value: Any) -> Mapping[str, Any] | None:
    """Returns a mapping, or the mapping that a text is as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, Mapping) else None


def _tasks(spec: Spec) -> Spec:
    return spec["root"]["dag"]["tasks"]


def _get(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _set(settings: Any, key: str, value: Any) -> Any:
    name, _, rest = key.partition(".")
    child: Settings = getattr(settings, name)
    return settings.model_copy(update={name: _set(child, rest, value) if rest else value})
