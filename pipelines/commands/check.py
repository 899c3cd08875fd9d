"""`warmstart check`: looks at a configuration and its data, and trains nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modules.core.errors import WarmstartError
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.domains.dataset_check import (
    check_colours,
    check_dataset,
    check_evidence,
    check_pair,
    check_shots,
)
from modules.domains.dataset_summary import DatasetSummary, ReadingLimits, summarize_dataset
from modules.domains.dataset_wording import describe_dataset
from modules.domains.schema import read_pinned_schema
from modules.settings import NetworkSettings, TransferSettings
from pipelines.beam.options import check_storage, describe_beam
from pipelines.config import Config, SourceConfig, TargetConfig

OK, WARNING, ERROR = "ok", "warning", "error"


class CheckLine(NamedTuple):
    """One thing that was looked at, and what came of it.

    Args:
        level: `ok`, `warning` or `error`.
        text: One line for the user.
    """

    level: str
    text: str


def check_config(config: Config, *, read_all: bool = False) -> Iterator[CheckLine]:
    """Looks at all that can be told without training, one line after the other.

    Args:
        config: The scenario.
        read_all: Read every image, however long it takes, instead of the first ones.

    Yields:
        What was found, in the order in which the run would meet it.
    """
    yield from _check_names(config)
    yield _check_beam(config)
    limits = ReadingLimits(images=None, pixels=None) if read_all else ReadingLimits()
    source = summarize_dataset(
        config.source.format, config.source.path, config.source.classes, limits
    )
    target = summarize_dataset(
        config.target.format, config.target.path, config.target.classes, limits
    )
    yield from _dataset_lines("source", config.source, source, config)
    yield from _dataset_lines("target", config.target, target, config)
    if config.source.schema_file and source.class_names:
        yield _check_schema(config.source.schema_file, len(source.class_names))
    if not (source.class_names and target.class_names):
        return
    yield from _lines(
        check_pair(source, target, config.validation),
        f"target {config.target.name}",
        f"both domains have the same {len(source.class_names)} classes",
    )
    if any({TRAIN_SPLIT, EVAL_SPLIT} - set(summary.splits) for summary in (source, target)):
        return
    place, shots = f"target {config.target.name}", config.target.shots
    labelled = f"target.shots={shots}: each class has so many labelled images"
    yield from _lines(check_shots(target, shots), place, None if shots == "all" else labelled)
    yield from _lines(check_evidence(target, config.gate), place, "enough eval images for the gate")
    yield from _lines(check_colours(source, target, config.network.channels), "network", None)


def _check_names(config: Config) -> Iterator[CheckLine]:
    # The defaults are registered; other names take TensorFlow's seconds to look up.
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


def _dataset_lines(
    role: str, domain: SourceConfig | TargetConfig, summary: DatasetSummary, config: Config
) -> Iterator[CheckLine]:
    place = f"{role} {domain.name}"
    if summary.problems:
        for problem in summary.problems:
            yield CheckLine(ERROR, f"{place}: {problem}")
        return
    facts = "; ".join(describe_dataset(summary))
    yield from _lines(
        check_dataset(summary, config.validation), place, f"{place}, {summary.folder}: {facts}"
    )


def _check_schema(path: str, num_classes: int) -> CheckLine:
    try:
        read_pinned_schema(path, num_classes)
    except WarmstartError as error:
        return CheckLine(ERROR, " ".join(str(error).split()))
    return CheckLine(OK, f"schema {path} fits {num_classes} classes")


def _lines(findings: Sequence[Finding], place: str, if_none: str | None) -> Iterator[CheckLine]:
    for finding in findings:
        yield CheckLine(ERROR if finding.stops_the_run else WARNING, f"{place}, {finding}")
    if if_none is not None and not findings:
        yield CheckLine(OK, if_none)
