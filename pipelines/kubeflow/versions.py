"""The versions of a pipeline on a Kubeflow Pipelines server: found, or uploaded once."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import kfp


@dataclass(frozen=True)
class Version:
    """A version of a pipeline on the server.

    Attributes:
        pipeline_id: The server's id of the pipeline.
        version_id: The server's id of the version.
        origin: What was done for it, for a person.
    """

    pipeline_id: str
    version_id: str
    origin: str


def find_or_upload(
    client: kfp.Client, spec_file: Path, name: str, namespace: str | None
) -> Version:
    """Returns the version that holds a file; uploads the file unless there is one.

    Args:
        client: A connected client.
        spec_file: A file written by `warmstart compile`.
        name: The pipeline's name.
        namespace: The profile's namespace, in multi-user mode.
    """
    list_pipelines = functools.partial(client.list_pipelines, namespace=namespace)
    pipelines = items(list_pipelines, "pipelines")
    pipeline = next((item for item in pipelines if item.display_name == name), None)
    if pipeline is None:
        pipeline_id = client.upload_pipeline(
            str(spec_file), pipeline_name=name, namespace=namespace
        ).pipeline_id
        first = client.list_pipeline_versions(pipeline_id, page_size=1).pipeline_versions[0]
        return Version(pipeline_id, first.pipeline_version_id, "uploaded as a new pipeline")
    pipeline_id = pipeline.pipeline_id
    content = spec_file.read_bytes()
    version_name = f"sha256-{hashlib.sha256(content).hexdigest()[:16]}"
    wanted = _meaning(*list(yaml.safe_load_all(content))[:2])
    list_versions = functools.partial(client.list_pipeline_versions, pipeline_id)
    for version in items(list_versions, "pipeline_versions"):
        # The server names the first version after the pipeline.
        if version.display_name == version_name or (wanted and _stored(version) == wanted):
            return Version(
                pipeline_id,
                version.pipeline_version_id,
                f"version {version.display_name} already exists",
            )
    version = client.upload_pipeline_version(
        str(spec_file), pipeline_version_name=version_name, pipeline_id=pipeline_id
    )
    return Version(pipeline_id, version.pipeline_version_id, f"uploaded as version {version_name}")


def items(list_page: Callable[..., Any], field: str) -> Iterator[Any]:
    """Yields the items of a paged list of the server.

    Args:
        list_page: A method of kfp's client, which returns one page.
        field: The page's attribute that holds the items.
    """
    token = ""
    while True:
        page = list_page(page_token=token, page_size=100)
        yield from getattr(page, field) or []
        if not (token := page.next_page_token):
            return


def _stored(version: Any) -> tuple[Any, Any] | None:
    """Returns what a version on the server means; None if it is no pipeline of ours.

    The server returns the specification alone, or both documents under a key each
    (backend/src/apiserver/server/util.go, `YamlStringToPipelineSpecStruct`), and leaves out fields
    that have their default value: texts cannot be compared.
    """
    spec = version.pipeline_spec
    if isinstance(spec, dict) and "pipeline_spec" in spec:
        return _meaning(spec["pipeline_spec"], spec.get("platform_spec"))
    return _meaning(spec)


def _meaning(spec: Any, platform: Any = None) -> tuple[Any, Any] | None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    if not isinstance(spec, dict):
        return None
    try:
        return (
            json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec()),
            json_format.ParseDict(platform or {}, pipeline_spec_pb2.PlatformSpec()),
        )
    except json_format.ParseError:
        # Another tool's, or another release's.
        return None
