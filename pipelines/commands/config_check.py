"""Checks a configuration and its data without training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from modules.core.errors import ConfigError, DataError, WarmstartError, one_line
from modules.core.example_features import EVAL_SPLIT, TRAIN_SPLIT
from modules.core.finding import Finding
from modules.core.wording import count
from modules.domains.bad_images import judge_bad_images
from modules.domains.dataset_summary import DatasetSummary, ReadingLimits
from modules.domains.dataset_wording import describe_dataset
from modules.domains.description import DomainDescription
from modules.domains.label_space import LabelSpace, describe_classes
from modules.domains.rules import DOMAIN_RULES, TARGET_RULES, Case, apply_rules, suspect_groups
from modules.domains.schema import read_pinned_schema
from modules.models.serving_folder import SERVING_FOLDER, describe_served
from modules.settings.transfer import AUTO
from modules.transfer.method_choice import choose_method
from pipelines.beam.options import check_storage, describe_beam
from pipelines.checking.copies import check_copies, check_copies_across
from pipelines.checking.domains import summarize_domains
from pipelines.checking.imported_model import check_model
from pipelines.checking.lines import ERROR, OK, WARNING, CheckLine, finding_line
from pipelines.checking.spans import describe_spans, find_target_spans
from pipelines.config import Config
from pipelines.domain_config import DomainConfig
from pipelines.registered_names import find_unknown_names
from pipelines.running.session import check_data_folders

_QUICK = ReadingLimits(images=200, pixels=10_000_000)
NOTHING_WAS_RUN = "Nothing was run: fix this and try again."


def check_config(
    config: Config, *, read_all: bool = False, engine: bool = False, output: Path | None = None
) -> Iterator[CheckLine]:
    """Checks all that can be checked without training.

    Args:
        config: The scenario.
        read_all: Read every image, instead of the first ones.
        engine: Also run small jobs on the Beam engine.
        output: Where the run would write; by default, where the scenario says.
    """
    yield from _check_names(config)
    reachable = _check_beam(config)
    yield reachable
    if engine and reachable.level == OK:
        yield from _check_engine(config)
    limits = ReadingLimits(signatures=True)
    if read_all:
        limits = replace(limits, images=math.inf, pixels=math.inf)
    yield from _check_domains(config, limits, look_at_model=True)
    yield _check_serving(config, output or config.output_folder)


def look_quickly(config: Config) -> list[str]:
    """Finds what would stop a run, as far as a second's look at names, labels and images shows.

    Returns:
        Warnings, which do not stop it.

    Raises:
        ConfigError: The run would fail; the message has all reasons.
    """
    errors, warnings = first_look(config)
    if errors:
        raise ConfigError("\n".join([*errors, NOTHING_WAS_RUN]))
    return warnings


def first_look(config: Config) -> tuple[list[str], list[str]]:
    """Returns the errors that would stop a run, and the warnings, that a second's look finds.

    Raises:
        ConfigError: A data folder is missing.
    """
    check_data_folders(config)
    # TFRecord files take TensorFlow, which takes seconds, and are read from their start to their
    # end: the run reads them soon enough.
    if "tfrecord" in [domain.format for domain in config.domains.values()]:
        return [], []
    lines = list(_check_domains(config, _QUICK))
    errors, warnings = (
        [line.text for line in lines if line.level == level] for level in (ERROR, WARNING)
    )
    return errors, warnings


def _check_domains(
    config: Config, limits: ReadingLimits, *, look_at_model: bool = False
) -> Iterator[CheckLine]:
    if found := find_target_spans(config):
        yield describe_spans(config.target, found)
    summary, target = summarize_domains(config, limits)
    source: DomainDescription | None = summary
    is_graph = False
    if look_at_model and config.pretraining.from_ is not None:
        model, line = check_model(config, summary.class_names if summary else None)
        yield line
        if model is not None:
            # What the model knows stands in for a source.
            source, is_graph = summary or model.domain, model.is_graph
    case = Case(
        target,
        config.validation,
        source,
        class_map=config.target.class_map,
        gate=config.gate,
        shots=config.target.shots,
        channels=config.network.channels,
    )
    if config.source is not None and summary is not None:
        own = Case(summary, config.validation)
        yield from _check_domain("source", config.source, summary, own)
    yield from _check_domain("target", config.target, target, case)
    yield from _check_independence(config, target)
    if config.source is not None and config.source.schema_file and summary and summary.class_names:
        yield _check_schema(config.source.schema_file, len(summary.class_names))
    place = f"target {config.target.name}"
    yield from check_copies_across(place, summary, target, config.validation)
    if source is not None and source.class_names and target.class_names:
        yield from _check_target(config, case)
        if TRAIN_SPLIT in target.splits:
            space = LabelSpace.of(source.class_names, target.class_names)
            images = target.splits[TRAIN_SPLIT].examples
            yield from _check_classes(config, space, images, is_graph=is_graph)


def _check_names(config: Config) -> Iterator[CheckLine]:
    network = config.network.name
    if config.network.model:
        network = f"{config.network.model}, weights {config.network.weights}"
    names = f"network {network}, transfer method {config.transfer.method}"
    errors = [CheckLine(ERROR, str(error)) for error in find_unknown_names(config)]
    yield from errors or [CheckLine(OK, names)]


def _check_beam(config: Config) -> CheckLine:
    try:
        check_storage(config.beam, str(config.output_folder.resolve()))
    except WarmstartError as error:
        return CheckLine(ERROR, str(error))
    return CheckLine(OK, describe_beam(config.beam))


def _check_serving(config: Config, output: Path) -> CheckLine:
    try:
        return CheckLine(OK, describe_served(output / SERVING_FOLDER, config.gate))
    except DataError as error:
        return CheckLine(WARNING, str(error))


def _check_engine(config: Config) -> Iterator[CheckLine]:
    # Slow to import.
    from pipelines.beam.engine_check import check_engine

    place = config.beam.temp_location or str(config.output_folder.resolve())
    try:
        for answer in check_engine(config.beam, place):
            level = ERROR if answer.problem else OK
            yield CheckLine(level, f"engine: {answer.name}: {answer.problem or 'as it should be'}")
    except WarmstartError as error:
        yield CheckLine(ERROR, one_line(error))


def _check_domain(
    role: str, domain: DomainConfig, summary: DatasetSummary, case: Case
) -> Iterator[CheckLine]:
    place = f"{role} {domain.name}"
    problems = list(summary.problems)
    bad_images: list[Finding] = []
    try:
        bad_images = judge_bad_images(
            summary.place, summary.bad_images, summary.images, case.validation
        )
    except DataError as error:
        problems.append(str(error))
    for problem in problems:
        yield CheckLine(ERROR, f"{place}: {problem}")
    if problems:
        return
    yield from (finding_line(place, finding) for finding in bad_images)
    findings = apply_rules(DOMAIN_RULES, case).values()
    yield from (finding_line(place, finding) for of_rule in findings for finding in of_rule)
    if not any(findings):
        yield CheckLine(OK, f"{place}, {summary.place}: {'; '.join(describe_dataset(summary))}")
    yield from check_copies(place, summary, case.validation)


def _check_independence(config: Config, summary: DatasetSummary) -> Iterator[CheckLine]:
    if EVAL_SPLIT not in summary.splits or summary.problems:
        return
    place = f"target {config.target.name}"
    if config.target.group is None:
        suspected = suspect_groups(summary.group_hints)
        yield from (finding_line(place, finding) for finding in suspected)
        if not suspected:
            yield CheckLine(OK, "target.group is not set: each eval image counts as independent")
        return
    split, needed = summary.splits[EVAL_SPLIT], config.gate.min_eval_groups
    groups = count(len(split.groups), "group")
    if not split.is_counted:
        groups = f"{groups} or more"
    elif len(split.groups) < needed:
        yield CheckLine(
            WARNING,
            f"{place}: {groups} of eval images, but the gate needs {needed} "
            "(gate.min_eval_groups): the run will work, but it will not bless the model",
        )
        return
    yield CheckLine(OK, f"target.group: {groups} of eval images; groups count, not images")


def _check_target(config: Config, case: Case) -> Iterator[CheckLine]:
    if_kept = {
        "enough shots": f"target.shots={config.target.shots}: each class has enough labelled "
        "images",
        "enough evidence": "enough eval images for the gate",
    }
    for rule, findings in apply_rules(TARGET_RULES, case).items():
        yield from (finding_line(f"target {config.target.name}", finding) for finding in findings)
        if rule in if_kept and not findings:
            yield CheckLine(OK, if_kept[rule])


def _check_classes(
    config: Config, space: LabelSpace, images: int, *, is_graph: bool
) -> Iterator[CheckLine]:
    transfer, shots = config.transfer, config.target.shots
    has_source = config.source is not None
    choice = choose_method(transfer.method, space, shots, images, has_source)
    # With a source every method can do the same classes; looking it up imports TensorFlow.
    if space.relation != "same" or not has_source:
        from modules.transfer.label_relations import refuse_label_relation

        restore = "graph" if is_graph else transfer.restore
        chosen = transfer.model_copy(update={"method": choice.method, "restore": restore})
        try:
            refuse_label_relation(space, chosen, shots, has_source)
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
