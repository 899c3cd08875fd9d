"""Reads a compiled pipeline specification and the parameters that a run of it takes."""

from __future__ import annotations

import difflib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from modules.core.errors import ConfigError, WarmstartError

if TYPE_CHECKING:
    from kfp.pipeline_spec import pipeline_spec_pb2


def require_kfp() -> None:
    """Raises a WarmstartError that says what to install where kfp is missing."""
    try:
        found = importlib.util.find_spec("kfp") is not None
    except ValueError:
        found = False
    if not found:
        raise WarmstartError(
            "The package kfp, which speaks to Kubeflow Pipelines, is not installed. Install it "
            "with: pip install 'kfp>=2,<3', or run make setup."
        )


def read_pipeline_spec(path: Path) -> pipeline_spec_pb2.PipelineSpec:
    """Reads and strictly parses the first document of a compiled YAML file.

    Args:
        path: A file written by `warmstart compile`.

    Returns:
        The pipeline specification.

    Raises:
        ConfigError: The file is missing, no YAML, or not a pipeline specification.
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
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}.") from None
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
    """Converts texts such as `--param shots=1` to the types that the pipeline declares.

    Args:
        spec: The compiled pipeline.
        values: Texts by parameter name.

    Returns:
        Typed values by parameter name.

    Raises:
        ConfigError: A name is unknown, or a text is not of the declared type.
    """
    from kfp.pipeline_spec import pipeline_spec_pb2

    declared = spec.root.input_definitions.parameters
    types = pipeline_spec_pb2.ParameterType.ParameterTypeEnum
    return {
        name: _parse_value(name, text, types.Name(_type_of(name, declared)))
        for name, text in values.items()
    }


def _type_of(name: str, declared: Mapping[str, Any]) -> Any:
    if name in declared:
        return declared[name].parameter_type
    alike = difflib.get_close_matches(name, declared, n=1)
    hint = f"did you mean '{alike[0]}'?" if alike else f"it takes: {', '.join(sorted(declared))}."
    raise ConfigError(f"--param {name}: the pipeline has no such parameter; {hint}")


def _parse_value(name: str, text: str, type_name: str) -> Any:
    try:
        if type_name == "NUMBER_INTEGER":
            return int(text)
        if type_name == "NUMBER_DOUBLE":
            return float(text)
        if type_name == "BOOLEAN":
            return {"true": True, "false": False}[text.lower()]
        if type_name in ("LIST", "STRUCT"):
            return json.loads(text)
    except (ValueError, KeyError):
        raise ConfigError(
            f"--param {name}={text}: expected a value of type {type_name}, found '{text}'."
        ) from None
    return text


def _summary(document: object) -> str:
    if isinstance(document, dict):
        return f"the keys {', '.join(map(repr, list(document)[:5]))}"
    return type(document).__name__
