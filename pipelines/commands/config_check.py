"""Checks a configuration and its data without training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from modules.core.errors import WarmstartError, one_line
from modules.core.example_features import TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.dataset_summary import DatasetSummary, ReadingLimits, summarize_dataset
from modules.domains.dataset_wording import describe_dataset
from modules.domains.label_space import LabelSpace, describe_classes
from modules.domains.rules import DOMAIN_RULES, TARGET_RULES, Case, apply_rules
from modules.domains.schema import read_pinned_schema
from modules.settings import NetworkSettings, TransferSettings
from modules.settings.transfer import AUTO
from modules.transfer.method_choice import choose_method
from pipelines.beam.options import check_storage, describe_beam
from pipelines.config import Config, DomainConfig

OK, WARNING, ERROR = "ok", "warning", "error"


class CheckLine(NamedTuple):
    """One check's outcome: `ok`, `warning` or `error`, and a line for the user."""

    level: str
    text: str


def check_config(config: Config, *, read_all: bool = False) -> Iterator[CheckLine]:
    """Checks all that can be checked without training: every image, or only the first ones."""
    yield from _check_names(config)
    yield _check_beam(config)
    limits = ReadingLimits(math.inf, math.inf) if read_all else ReadingLimits()
    source, target = _summarize(config, limits)
    case = Case(
        target,
        config.validation,
        source,
        class_map=config.target.class_map,
        gate=config.gate,
        shots=config.target.shots,
        channels=config.network.channels,
    )
    yield from _check_domain("source", config.source, source, Case(source, config.validation))
    yield from _check_domain("target", config.target, target, case)
    if config.source.schema_file and source.class_names:
        yield _check_schema(config.source.schema_file, len(source.class_names))
    if source.class_names and target.class_names:
        yield from _check_target(config, case)
        space = LabelSpace.of(source.class_names, target.class_names)
        images = target.splits[TRAIN_SPLIT].examples if TRAIN_SPLIT in target.splits else 0
        yield from _check_classes(config, space, images)


def _summarize(config: Config, limits: ReadingLimits) -> tuple[DatasetSummary, DatasetSummary]:
    source, target = config.source, config.target
    return (
        summarize_dataset(
            source.format, source.path, source.classes, limits, label_offset=source.label_offset
        ),
        summarize_dataset(
            target.format,
            target.path,
            config.target_classes,
            limits,
            class_map=target.class_map,
            label_offset=target.label_offset,
        ),
    )


def _check_names(config: Config) -> Iterator[CheckLine]:
    # The defaults exist; looking up another name imports TensorFlow, which takes seconds.
    checks = []
    if config.transfer.method != TransferSettings().method:
        checks.append(_check_method)
    if config.network.name != NetworkSettings().name or config.transfer.frozen_layers:
        checks.append(_check_network)
    errors = []
    for check in checks:
        try:
            check(config)
        except WarmstartError as error:
            errors.append(CheckLine(ERROR, str(error)))
    names = f"network {config.network.name}, transfer method {config.transfer.method}"
    yield from errors or [CheckLine(OK, names)]


def _check_method(config: Config) -> None:
    from modules.transfer.methods import TRANSFER_METHODS

    TRANSFER_METHODS.find(config.transfer.method)


def _check_network(config: Config) -> None:
    from modules.networks.registry import build_network, freeze_layers

    freeze_layers(build_network(config.network, num_classes=2), config.transfer.frozen_layers)


def _check_beam(config: Config) -> CheckLine:
    try:
        check_storage(config.beam, str(config.output_folder.resolve()))
    except WarmstartError as error:
        return CheckLine(ERROR, str(error))
    return CheckLine(OK, describe_beam(config.beam))


def _check_domain(
    role: str, domain: DomainConfig, summary: DatasetSummary, case: Case
) -> Iterator[CheckLine]:
    place = f"{role} {domain.name}"
    for problem in summary.problems:
        yield CheckLine(ERROR, f"{place}: {problem}")
    if summary.problems:
        return
    findings = apply_rules(DOMAIN_RULES, case).values()
    yield from (_line(place, finding) for of_rule in findings for finding in of_rule)
    if not any(findings):
        yield CheckLine(OK, f"{place}, {summary.place}: {'; '.join(describe_dataset(summary))}")


def _check_target(config: Config, case: Case) -> Iterator[CheckLine]:
    if_kept = {
        "enough shots": f"target.shots={config.target.shots}: each class has enough labelled "
        "images",
        "enough evidence": "enough eval images for the gate",
    }
    for rule, findings in apply_rules(TARGET_RULES, case).items():
        yield from (_line(f"target {config.target.name}", finding) for finding in findings)
        if rule in if_kept and not findings:
            yield CheckLine(OK, if_kept[rule])


def _check_classes(config: Config, space: LabelSpace, images: int) -> Iterator[CheckLine]:
    transfer, shots = config.transfer, config.target.shots
    choice = choose_method(transfer.method, space, shots, images)
    # Every method can do the same classes; looking up the method imports TensorFlow.
    if space.relation != "same":
        from modules.transfer.label_relations import refuse_label_relation

        try:
            chosen = transfer.model_copy(update={"method": choice.method})
            refuse_label_relation(space, chosen, shots)
        except WarmstartError as error:
            yield CheckLine(ERROR, str(error))
            return
    yield CheckLine(OK, describe_classes(space))
    if transfer.method == AUTO:
        yield CheckLine(OK, f"transfer.method auto takes {choice.method}: {choice.chosen_because}")


def _check_schema(path: str, num_classes: int) -> CheckLine:
    try:
        read_pinned_schema(path, num_classes)
    except WarmstartError as error:
        return CheckLine(ERROR, one_line(error))
    return CheckLine(OK, f"schema {path} fits {num_classes} classes")


def _line(place: str, finding: Finding) -> CheckLine:
    return CheckLine(ERROR if finding.stops_the_run else WARNING, f"{place}, {finding}")
