"""Executor of DomainValidator."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx import types
from tfx.components.example_validator import executor as example_validator
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, writer_utils

from modules.core.class_names import read_class_names
from modules.core.errors import DomainValidationError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.comparison import DomainComparison, compare_domains
from modules.domains.statistics import domain_name, example_count
from modules.domains.validation import check_classes, check_split, counts_by_class
from modules.settings import ValidationSettings

VALIDATION_KEY = "validation"
ROLE_KEY = "role"
SOURCE_FINGERPRINT_KEY = "source_fingerprint"
SOURCE_STATISTICS_KEY = "source_statistics"
SOURCE_EXAMPLES_KEY = "source_examples"

REPORT_FILE = "validation.json"
REJECTED_FOLDER = "rejected"
_MOST_SHOWN = 20

_Statistics = Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]


@dataclass
class _Validation:
    """All that is known of a domain once it is checked."""

    domain: str
    role: str
    class_names: list[str]
    statistics: _Statistics
    anomalies: dict[str, anomalies_pb2.Anomalies] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    comparison: DomainComparison = field(default_factory=DomainComparison)

    @property
    def failures(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.stops_the_run]


class Executor(base_executor.BaseExecutor):
    """Checks every split, then writes what it found, then fails if anything is not allowed."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validates the domain.

        Args:
            input_dict: `statistics`, `schema` and `examples` of the domain, and for a target also
                `source_statistics` and `source_examples`.
            output_dict: `anomalies`, the artifact to fill.
            exec_properties: `validation` (JSON) and `role` of the component.

        Raises:
            DataError: The class names are not readable.
            DomainValidationError: The data must not be used. The artifact stays empty; the report
                lies beside it, in the folder that the message names.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        settings = ValidationSettings.model_validate_json(exec_properties[VALIDATION_KEY])
        validation = _validate(input_dict, settings, exec_properties[ROLE_KEY])
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.ANOMALIES_KEY]
        )
        if validation.failures:
            folder = _rejected_folder(artifact.uri)
            _write_report(validation, folder)
            raise DomainValidationError(_message(validation, os.path.join(folder, REPORT_FILE)))
        _write_report(validation, artifact.uri)
        statistics = artifact_utils.get_single_instance(
            input_dict[standard_component_specs.STATISTICS_KEY]
        )
        _describe_artifact(artifact, statistics, validation.anomalies)


def _validate(
    input_dict: dict[str, list[types.Artifact]], settings: ValidationSettings, role: str
) -> _Validation:
    schema = io_utils.SchemaReader().read(
        io_utils.get_only_uri_in_dir(
            artifact_utils.get_single_uri(input_dict[standard_component_specs.SCHEMA_KEY])
        )
    )
    statistics = _load_statistics(input_dict[standard_component_specs.STATISTICS_KEY])
    class_names = _class_names(input_dict[standard_component_specs.EXAMPLES_KEY])
    names = [domain_name(split_statistics) for split_statistics in statistics.values()]
    validation = _Validation(next(filter(None, names), role), role, class_names, statistics)
    source_examples = input_dict.get(SOURCE_EXAMPLES_KEY)
    validation.findings += check_classes(
        class_names, schema, _class_names(source_examples) if source_examples else None
    )
    validation.findings += [
        Finding(split, None, "this split", "none", "Ingest the data with both splits.")
        for split in (TRAIN_SPLIT, EVAL_SPLIT)
        if split not in statistics
    ]
    _check_splits(validation, schema, settings)
    if SOURCE_STATISTICS_KEY in input_dict:
        _compare_with_source(validation, input_dict, settings)
    return validation


def _check_splits(
    validation: _Validation, schema: schema_pb2.Schema, settings: ValidationSettings
) -> None:
    for split, statistics in validation.statistics.items():
        anomalies = tfdv.validate_statistics(statistics, schema)
        validation.anomalies[split] = anomalies
        validation.findings += check_split(
            split, statistics, anomalies, schema, validation.class_names, settings
        )


def _compare_with_source(
    validation: _Validation,
    input_dict: dict[str, list[types.Artifact]],
    settings: ValidationSettings,
) -> None:
    source_counts, target_counts = (
        {
            split: counts_by_class(found, len(validation.class_names))
            for split, found in statistics.items()
        }
        for statistics in (
            _load_statistics(input_dict[SOURCE_STATISTICS_KEY]),
            validation.statistics,
        )
    )
    train_files = (
        _train_files(input_dict[SOURCE_EXAMPLES_KEY]),
        _train_files(input_dict[standard_component_specs.EXAMPLES_KEY]),
    )
    validation.comparison = compare_domains(
        source_counts,
        target_counts,
        # Images that the schema does not let through are not worth a look.
        None if validation.failures else train_files,
        settings,
    )
    validation.findings += validation.comparison.findings


def _load_statistics(artifacts: Sequence[types.Artifact]) -> _Statistics:
    artifact = artifact_utils.get_single_instance(list(artifacts))
    return {
        split: stats_artifact_utils.load_statistics(artifact, split).proto()
        for split in artifact_utils.decode_split_names(artifact.split_names)
    }


def _class_names(artifacts: Sequence[types.Artifact]) -> list[str]:
    return read_class_names(artifact_utils.get_single_uri(list(artifacts)))


def _train_files(artifacts: Sequence[types.Artifact]) -> str:
    root = artifact_utils.get_single_uri(list(artifacts))
    return os.path.join(root, f"Split-{TRAIN_SPLIT}", "*")


def _rejected_folder(uri: str) -> str:
    """Lies beside the outputs of the component: TFX removes those of a failed execution."""
    output, execution = os.path.split(uri.rstrip("/"))
    return os.path.join(os.path.dirname(output), REJECTED_FOLDER, execution)


def _write_report(validation: _Validation, folder: str) -> None:
    for split, anomalies in validation.anomalies.items():
        writer_utils.write_anomalies(
            os.path.join(folder, f"Split-{split}", example_validator.DEFAULT_FILE_NAME), anomalies
        )
    report = {
        "domain": validation.domain,
        "role": validation.role,
        "valid": not validation.failures,
        "findings": [dataclasses.asdict(finding) for finding in validation.findings],
        "splits": {
            split: {
                "examples": example_count(statistics),
                "examples_per_class": dict(
                    zip(
                        validation.class_names,
                        counts_by_class(statistics, len(validation.class_names)),
                        strict=True,
                    )
                ),
            }
            for split, statistics in validation.statistics.items()
        },
        **_described(validation.comparison),
    }
    io_utils.write_string_file(
        os.path.join(folder, REPORT_FILE), json.dumps(report, indent=2, ensure_ascii=False)
    )


def _described(comparison: DomainComparison) -> dict[str, Any]:
    shift = comparison.covariate_shift
    return {
        "label_skew": {
            split: dataclasses.asdict(skew) for split, skew in comparison.label_skew.items()
        },
        "covariate_shift": None if shift is None else dataclasses.asdict(shift),
        "shifts": list(comparison.shifts),
    }


def _describe_artifact(
    artifact: types.Artifact,
    statistics: types.Artifact,
    anomalies: Mapping[str, anomalies_pb2.Anomalies],
) -> None:
    """Sets the properties that ExampleValidator sets."""
    artifact.split_names = artifact_utils.encode_split_names(list(anomalies))
    artifact.span = statistics.span
    blessed = {
        split: example_validator.NOT_BLESSED_VALUE
        if found.anomaly_info or found.HasField("dataset_anomaly_info")
        else example_validator.BLESSED_VALUE
        for split, found in anomalies.items()
    }
    artifact.set_json_value_custom_property(
        example_validator.ARTIFACT_PROPERTY_BLESSED_KEY, blessed
    )


def _message(validation: _Validation, report: str) -> str:
    failures = validation.failures
    lines = [
        f"The {validation.role} domain '{validation.domain}' cannot be used. "
        f"{len(failures)} {'thing is' if len(failures) == 1 else 'things are'} wrong:",
        *(f"  {finding}" for finding in failures[:_MOST_SHOWN]),
    ]
    if len(failures) > _MOST_SHOWN:
        lines.append(f"  and {len(failures) - _MOST_SHOWN} more.")
    return "\n".join([*lines, f"The whole report: {report}"])
