"""What the API server reads from an upload."""

from __future__ import annotations

import email.parser
import email.policy
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2


class Refused(Exception):
    """The request is well-formed but not acceptable: HTTP 400."""


def parse_upload(headers: Any, body: bytes) -> dict[str, Any]:
    """Returns the pipeline of a multipart body, as the server stores it.

    Raises:
        Refused: It is not a pipeline, or not exactly one.
    """
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body
    )
    content = next(message.iter_parts()).get_payload(decode=True)
    assert isinstance(content, bytes)
    try:
        spec, *platform = yaml.safe_load_all(content)
        stored = _round_trip(spec, pipeline_spec_pb2.PipelineSpec())
        if not platform:
            return stored
        (document,) = platform
        return {
            "pipeline_spec": stored,
            "platform_spec": _round_trip(document, pipeline_spec_pb2.PlatformSpec()),
        }
    except (json_format.ParseError, yaml.YAMLError) as error:
        raise Refused(f"invalid pipeline spec: {error}") from error


def _round_trip(document: Any, message: Any) -> dict[str, Any]:
    """Parses a document strictly and writes it again, without fields of default value."""
    fields: dict[str, Any] = json_format.MessageToDict(json_format.ParseDict(document, message))
    return fields
