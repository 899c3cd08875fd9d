"""Executor of DomainValidator."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx import types
from tfx.components.example_validator import executor as example_validator
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, writer_utils

from modules.core.class_names import read_class_names
from modules.core.errors import DomainValidationError
from modules.core.example_features import TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.wording import count
from modules.domains.anomalies import check_anomalies, find_anomalies
from modules.domains.comparison import DomainComparison, compare_domains
from modules.domains.covariate_shift import check_covariate_shift
from modules.domains.description import DomainDescription
from modules.domains.duplicates.across import (
    SharedImages,
    SignedDomain,
    check_shared_images,
    find_shared_images,
)
from modules.domains.duplicates.files import read_split_signatures
from modules.domains.ingestion import read_ingestion
from modules.domains.rules import RULES, Case, apply_rules, suspect_groups
from modules.domains.schema import with_classes, with_groups, with_spans
from modules.domains.statistics import describe_statistics
from modules.models.training_domain import describe_training_domain, notes_on_training_domain
from modules.settings import ValidationSettings

VALIDATION_KEY = "validation"
ROLE_KEY = "role"
CLASS_MAP_KEY = "class_map"
SOURCE_STATISTICS_KEY = "source_statistics"
SOURCE_EXAMPLES_KEY = "source_examples"
BASE_MODEL_KEY = "base_model"

REPORT_FILE = "validation.json"
REJECTED_FOLDER = "rejected"
_MOST_SHOWN = 20


@dataclass(frozen=True)
class _Validation:
    """A domain, and what was found in it."""

    role: str
    domain: DomainDescription
    anomalies: Mapping[str, anomalies_pb2.Anomalies]
    findings: Sequence[Finding]
    comparison: DomainComparison
    notes: Sequence[str]
    duplicates: Mapping[str, Any]
    shared: SharedImages | None = None

    @property
    def failures(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.stops_the_run]


class Executor(base_executor.BaseExecutor):
    """Checks a domain, writes what it found, then fails if anything is not allowed."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validates the domain.

        Raises:
            DataError: The class names are not readable.
            DomainValidationError: The data must not be used. The artifact stays empty; the report
                lies beside it, in the folder that the message names.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        settings = ValidationSettings.model_validate_json(exec_properties[VALIDATION_KEY])
        class_map = json.loads(exec_properties[CLASS_MAP_KEY])
        validation = _validate(input_dict, settings, exec_properties[ROLE_KEY], class_map)
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
    input_dict: dict[str, list[types.Artifact]],
    settings: ValidationSettings,
    role: str,
    class_map: Mapping[str, str],
) -> _Validation:
    schema = io_utils.SchemaReader().read(
        io_utils.get_only_uri_in_dir(
            artifact_utils.get_single_uri(input_dict[standard_component_specs.SCHEMA_KEY])
        )
    )
    examples = input_dict[standard_component_specs.EXAMPLES_KEY]
    statistics = _load_statistics(input_dict[standard_component_specs.STATISTICS_KEY])
    domain = describe_statistics(_class_names(examples), statistics, otherwise=role)
    source = None
    if SOURCE_STATISTICS_KEY in input_dict:
        source_statistics = _load_statistics(input_dict[SOURCE_STATISTICS_KEY])
        source_names = _class_names(input_dict[SOURCE_EXAMPLES_KEY])
        source = describe_statistics(source_names, source_statistics, otherwise="source")
        # A target may have other classes, and other numbers of them.
        schema = with_classes(schema, len(domain.class_names))
    elif BASE_MODEL_KEY in input_dict:
        source = describe_training_domain(artifact_utils.get_single_uri(input_dict[BASE_MODEL_KEY]))
    ingestion = read_ingestion(artifact_utils.get_single_uri(examples))
    if ingestion.groups is not None:
        schema = with_groups(schema)
    if ingestion.spans is not None:
        schema = with_spans(schema)
    by_rule = apply_rules(RULES, Case(domain, settings, source, class_map))
    skewed = by_rule.pop("label skew", [])
    findings = [finding for of_rule in by_rule.values() for finding in of_rule]
    anomalies = find_anomalies(statistics, schema)
    findings += check_anomalies(domain, anomalies, schema, findings)
    comparison, shared = DomainComparison(), None
    notes: list[str] = []
    if SOURCE_EXAMPLES_KEY in input_dict:
        shared = find_shared_images(_signed(input_dict[SOURCE_EXAMPLES_KEY]), _signed(examples))
        findings += check_shared_images(shared, settings)
        notes += shared.notes
    if source is not None:
        # Images that must not be used are not worth measuring.
        is_sound = not any(finding.stops_the_run for finding in findings)
        train_files = None
        if is_sound and SOURCE_EXAMPLES_KEY in input_dict:
            train_files = (_train_files(input_dict[SOURCE_EXAMPLES_KEY]), _train_files(examples))
        comparison = compare_domains(source, domain, train_files)
        if BASE_MODEL_KEY in input_dict:
            notes += notes_on_training_domain(source)
    findings += [
        *ingestion.findings,
        *(suspect_groups(ingestion.group_hints) if role == "target" else []),
        *skewed,
        *check_covariate_shift(comparison.covariate_shift, settings),
    ]
    notes += ingestion.notes
    return _Validation(
        role, domain, anomalies, findings, comparison, notes, ingestion.duplicates, shared
    )


def _load_statistics(
    artifacts: list[types.Artifact],
) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    artifact = artifact_utils.get_single_instance(artifacts)
    return {
        split: stats_artifact_utils.load_statistics(artifact, split).proto()
        for split in artifact_utils.decode_split_names(artifact.split_names)
    }


def _class_names(artifacts: list[types.Artifact]) -> list[str]:
    return read_class_names(artifact_utils.get_single_uri(artifacts))


def _signed(artifacts: list[types.Artifact]) -> SignedDomain:
    return SignedDomain(
        read_split_signatures(artifact_utils.get_single_uri(artifacts)), _class_names(artifacts)
    )


def _train_files(artifacts: list[types.Artifact]) -> str:
    return os.path.join(artifact_utils.get_single_uri(artifacts), f"Split-{TRAIN_SPLIT}", "*")


def _rejected_folder(uri: str) -> str:
    """A folder beside the component's outputs: TFX removes those of a failed execution."""
    output, execution = os.path.split(uri.rstrip("/"))
    return os.path.join(os.path.dirname(output), REJECTED_FOLDER, execution)


def _write_report(validation: _Validation, folder: str) -> None:
    for split, anomalies in validation.anomalies.items():
        writer_utils.write_anomalies(
            os.path.join(folder, f"Split-{split}", example_validator.DEFAULT_FILE_NAME), anomalies
        )
    domain, comparison = validation.domain, validation.comparison
    shift = comparison.covariate_shift
    report = {
        "domain": domain.place,
        "role": validation.role,
        "valid": not validation.failures,
        "notes": list(validation.notes),
        "findings": [dataclasses.asdict(finding) for finding in validation.findings],
        "splits": {
            name: {
                "examples": split.examples,
                "examples_per_class": {
                    class_name: split.counts.get(label, 0)
                    for label, class_name in enumerate(domain.class_names)
                },
            }
            for name, split in domain.splits.items()
        },
        "label_skew": {
            split: dataclasses.asdict(skew) for split, skew in comparison.label_skew.items()
        },
        "covariate_shift": None if shift is None else dataclasses.asdict(shift),
        "shifts": list(comparison.shifts),
        "duplicates": validation.duplicates,
        "shared_images": None if validation.shared is None else validation.shared.as_json(),
    }
    io_utils.write_string_file(
        os.path.join(folder, REPORT_FILE), json.dumps(report, indent=2, ensure_ascii=False)
    )


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
        f"The {validation.role} domain '{validation.domain.place}' cannot be used. "
        f"{count(len(failures), 'problem')}:",
        *(f"  {finding}" for finding in failures[:_MOST_SHOWN]),
    ]
    if len(failures) > _MOST_SHOWN:
        lines.append(f"  and {len(failures) - _MOST_SHOWN} more.")
    return "\n".join([*lines, f"Full report: {report}"])
