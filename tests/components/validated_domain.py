"""A target domain on disk for the tests of DomainValidator, and the component that judges it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tfx import types
from tfx.types import standard_artifacts

from components.domain_validator.component import DomainValidator
from components.domain_validator.executor import Executor
from modules.core.errors import DomainValidationError
from modules.domains.schema import infer_image_schema
from modules.settings import ValidationSettings
from tests.tiny_domain import balanced, statistics_of, write_examples, write_statistics

NAMES = ["zero", "one", "two", "three"]
GOOD = {"train": balanced(5, 4), "eval": balanced(2, 4)}

Splits = Mapping[str, Sequence[bytes]]


def channel(artifact_type: type[types.Artifact]) -> types.Channel:
    return types.Channel(type=artifact_type)


def component(
    validation: ValidationSettings,
    class_map: Mapping[str, str] | None = None,
    **channels: types.BaseChannel,
) -> DomainValidator:
    inputs = {
        "statistics": channel(standard_artifacts.ExampleStatistics),
        "schema": channel(standard_artifacts.Schema),
        "examples": channel(standard_artifacts.Examples),
        **channels,
    }
    return DomainValidator(
        **inputs,
        validation=validation,
        role="target",
        class_map=class_map,
        source_fingerprint="1",
    )


class Domain:
    """A target domain on disk, to be validated against a source."""

    def __init__(self, folder: Path, splits: Splits, names: Sequence[str] = NAMES) -> None:
        self.folder = folder
        self.class_map: dict[str, str] = {}
        schema = standard_artifacts.Schema()
        schema.uri = str(folder / "schema")
        Path(schema.uri).mkdir(parents=True)
        text = text_format.MessageToString(
            infer_image_schema([statistics_of(GOOD["train"])], len(NAMES))
        )
        Path(schema.uri, "schema.pbtxt").write_text(text)
        self.inputs: dict[str, list[types.Artifact]] = {
            "schema": [schema],
            "statistics": [write_statistics(folder / "statistics", splits)],
            "examples": [write_examples(folder / "examples", splits, names)],
        }
        self.anomalies = standard_artifacts.ExampleAnomalies()
        # As TFX lays out a node: <node>/<output>/<execution>.
        self.anomalies.uri = str(folder / "DomainValidator" / "anomalies" / "17")

    def with_source(self, splits: Splits, names: Sequence[str] = NAMES) -> Domain:
        folder = self.folder / "source"
        self.inputs["source_statistics"] = [write_statistics(folder / "statistics", splits)]
        self.inputs["source_examples"] = [write_examples(folder / "examples", splits, names)]
        return self

    def validate(self, **settings: Any) -> dict[str, Any]:
        validation = ValidationSettings.model_validate(settings)
        Executor().Do(
            self.inputs,
            {"anomalies": [self.anomalies]},
            component(validation, self.class_map).exec_properties,
        )
        return json.loads(Path(self.anomalies.uri, "validation.json").read_text())

    def rejection(self, **settings: Any) -> str:
        """Validates a domain that must be refused; gives the message."""
        with pytest.raises(DomainValidationError) as caught:
            self.validate(**settings)
        report = json.loads(self.rejected_report.read_text())
        assert report["valid"] is False
        assert str(caught.value).endswith(f"Full report: {self.rejected_report}")
        assert not Path(self.anomalies.uri).exists()
        return str(caught.value)

    @property
    def rejected_report(self) -> Path:
        return self.folder / "DomainValidator" / "rejected" / "17" / "validation.json"
