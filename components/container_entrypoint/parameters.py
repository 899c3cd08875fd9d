"""Puts a run's parameters where the executors expect them: inside JSON settings.

TFX's components take settings as JSON texts, but Kubeflow can only replace a whole parameter. So a
compiled task takes a run's parameter as an extra one, with a binding that says where in the
settings the value belongs.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict

from modules.core.errors import WarmstartError


class Binding(TypedDict):
    """Where a run's parameter goes.

    Attributes:
        type: `integer`, `number` or `text`; `word` for a JSON value or, failing that, a text such
            as `all`; `artifact` for the folder of an input artifact.
        paths: Each a parameter of the task, followed by keys into its (nested) JSON.
    """

    type: Literal["integer", "number", "text", "word", "artifact"]
    paths: list[list[str]]


def apply_bindings(values: dict[str, Any], bindings: dict[str, Binding]) -> dict[str, Any]:
    """Moves the run's parameters, by name, into the settings of a task.

    Returns:
        The parameters that the executor knows.

    Raises:
        WarmstartError: A value does not have the bound type.

    Example:
        >>> apply_bindings(
        ...     {"custom_config": '{"shots": 10}', "shots": "all"},
        ...     {"shots": {"type": "word", "paths": [["custom_config", "shots"]]}},
        ... )
        {'custom_config': '{"shots": "all"}'}
    """
    result: Any = {name: value for name, value in values.items() if name not in bindings}
    for name, binding in bindings.items():
        if name in values:
            value = _convert(name, values[name], binding["type"])
            for path in binding["paths"]:
                # A parameter that the component declares as text stays text.
                whole = len(path) == 1 and isinstance(result[path[0]], str)
                result = _replace(result, path, str(value) if whole else value)
    return result


def _convert(name: str, value: Any, type_name: str) -> Any:
    try:
        if type_name == "integer":
            return int(value)
        if type_name == "number":
            return float(value)
    except ValueError:
        raise WarmstartError(
            f"run parameter '{name}': expected a {type_name}, found {value!r}. Start the "
            "run again with a value of that type."
        ) from None
    if type_name == "word":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _replace(node: Any, path: list[str], value: Any) -> Any:
    """Returns the node with the value at the path, decoding and encoding JSON texts on the way."""
    if not path:
        return value
    if isinstance(node, str):
        return json.dumps(_replace(json.loads(node), path, value))
    return {**node, path[0]: _replace(node[path[0]], path[1:], value)}
