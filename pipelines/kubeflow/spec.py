"""The pipeline specification: as it is compiled, and read from a file with a run's parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from modules.core.errors import ConfigError, WarmstartError, one_line
from modules.core.nearest_name import nearest_name_hint

if TYPE_CHECKING:
    from kfp.pipeline_spec import pipeline_spec_pb2

# A PipelineSpec as JSON.
Spec = dict[str, Any]
_PARSERS: dict[str, Callable[[str], Any]] = {
    "NUMBER_INTEGER": int,
    "NUMBER_DOUBLE": float,
    "BOOLEAN": lambda text: {"true": True, "false": False}[text.lower()],
    "LIST": json.loads,
    "STRUCT": json.loads,
}


def container_of(spec: Spec, component: str) -> Spec:
    """Returns the container specification that runs a component."""
    label = spec["components"][component]["executorLabel"]
    return spec["deploymentSpec"]["executors"][label]["container"]


def require_kfp() -> None:
    """Raises a WarmstartError that says how to install kfp, if it is not."""
    try:
        import kfp  # noqa: F401
    except ImportError:
        raise WarmstartError(
            "The package kfp, the client of Kubeflow Pipelines, is not installed. Install it with: "
            "pip install 'kfp>=2,<3', or run make setup."
        ) from None


def read_pipeline_spec(path: Path) -> pipeline_spec_pb2.PipelineSpec:
    """Reads and strictly parses the first document of a compiled YAML file.

    Args:
        path: A file written by `warmstart compile`.

    Returns:
        The pipeline specification.

    Raises:
        ConfigError: The file is missing, not YAML, or not a pipeline specification.
    """
    require_kfp()
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    again = "Compile it again with: warmstart compile CONFIG --image IMAGE --pipeline-root URI."
    try:
        document = next(iter(yaml.safe_load_all(path.read_text(encoding="utf-8"))), None)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}. {again}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {one_line(error)}.") from None
    if not isinstance(document, dict) or "root" not in document:
        raise ConfigError(
            f"{path}: expected a compiled pipeline with the keys 'root' and 'deploymentSpec', "
            f"found {_summary(document)}. {again}"
        )
    try:
        return json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    except json_format.ParseError as error:
        raise ConfigError(f"{path}: not a pipeline specification: {error}. {again}") from None


def parse_parameters(
    spec: pipeline_spec_pb2.PipelineSpec, values: Mapping[str, str]
) -> dict[str, Any]:
    """Converts values such as the `1` of `--param shots=1` to the types that the pipeline declares.

    Args:
        spec: The compiled pipeline.
        values: Texts by parameter name.

    Returns:
        Typed values by parameter name.

    Raises:
        ConfigError: A name is unknown, or a text does not have the declared type.
    """
    from kfp.pipeline_spec import pipeline_spec_pb2

    declared = spec.root.input_definitions.parameters
    types = pipeline_spec_pb2.ParameterType.ParameterTypeEnum
    if unknown := [name for name in values if name not in declared]:
        hint = nearest_name_hint(unknown[0], sorted(declared))
        raise ConfigError(f"--param {unknown[0]}: the pipeline has no such parameter{hint}")
    return {
        name: _parse_value(name, text, types.Name(declared[name].parameter_type))
        for name, text in values.items()
    }


def _parse_value(name: str, text: str, type_name: str) -> Any:
    parse = _PARSERS.get(type_name, str)
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise ConfigError(
            f"--param {name}={text}: expected a value of type {type_name}, found '{text}'."
        ) from None


def _summary(document: object) -> str:
    if isinstance(document, dict):
        return f"the keys {', '.join(map(repr, list(document)[:5]))}"
    return type(document).__name__
