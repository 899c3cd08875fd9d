"""Reads two folders of images and writes a configuration for them."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from modules.core.errors import ConfigError
from modules.core.example_features import TRAIN_SPLIT
from modules.core.wording import listed
from modules.domains.dataset_summary import DatasetSummary, ReadingLimits, summarize_dataset
from modules.domains.dataset_wording import describe_dataset
from modules.domains.label_space import LabelSpace, describe_classes, likely_class_map
from modules.domains.rules import RULES, Case, apply_rules
from modules.images.contact_sheet import draw_contact_sheet
from modules.images.ink_share import measure_ink_share
from modules.settings import GateSettings, ValidationSettings
from modules.sources.detection import detect_format
from modules.sources.labels import rename_classes
from pipelines.commands.first_config import Domain, config_text
from pipelines.commands.options import say, write_output

_ROOT = Path(__file__).resolve().parents[2]
_MNIST, _DIGITS_SCHEMA = _ROOT / "data" / "mnist", _ROOT / "configs" / "schemas" / "digits.pbtxt"
_DIGITS = tuple("0123456789")
_SAMPLES = 6  # of each class
_MOST_MEASURED = 200


def initialize(folder: Path, source: Path | None, output: Path | None, *, force: bool) -> None:
    """Reads the domains and, if a run can work, writes a configuration and a contact sheet.

    Args:
        folder: The target domain.
        source: The source domain; None takes the embedded MNIST.
        output: The configuration to write; None names it after the folder.
        force: Overwrite files that differ.

    Raises:
        ConfigError: A run on this data would fail; the classes do not fit MNIST and no source is
            given; or a file exists with other content. Nothing is written then.
        DataError: A folder has no known layout, or a file cannot be written.
    """
    output = output or Path(f"{folder.resolve().name}.yaml")
    sheet = output.with_suffix(".png")
    target = _domain("target", folder)
    source_domain = _source_domain(source, target)
    _refuse_what_cannot_run(source_domain.summary, target.summary)
    class_map = likely_class_map(source_domain.summary.class_names, target.summary.class_names)
    names = rename_classes(target.summary.class_names, class_map, str(folder))
    say(describe_classes(LabelSpace.of(source_domain.summary.class_names, names)))
    columns = [_column("source", source_domain, names), _column("target", target, names)]
    files = {
        sheet: draw_contact_sheet(names, columns, _SAMPLES),
        output: config_text(source_domain, target, class_map, output, sheet).encode(),
    }
    _write_files(files, force)
    say(f"Look at:  {sheet}")
    say(f"Check it: {shlex.join(['warmstart', 'check', str(output)])}")
    say(f"Run it:   {shlex.join(['warmstart', 'run', str(output)])}")


def _domain(role: str, folder: Path, schema_file: str | None = None) -> Domain:
    summary = _summarize(role, folder)
    samples = [image for images in _samples(summary).values() for image in images]
    ink_share = measure_ink_share(samples[:_MOST_MEASURED]) if samples else 0.0
    if samples:
        say(f"  ink on a plain background: {ink_share:.0%} of the train images looked at")
    return Domain(_as_given(folder), summary, ink_share, schema_file)


def _samples(summary: DatasetSummary) -> Mapping[int, Sequence[bytes]]:
    return summary.splits[TRAIN_SPLIT].samples if TRAIN_SPLIT in summary.splits else {}


def _summarize(role: str, folder: Path) -> DatasetSummary:
    format = detect_format(str(folder))
    summary = summarize_dataset(format, str(folder), limits=ReadingLimits(samples=_SAMPLES))
    say(f"{role} {folder}: {summary.format}")
    if summary.class_names:
        first, *rest = describe_dataset(summary)
        say(f"  {first.partition(', ')[2]}")
        for line in rest:
            say(f"  {line}")
        if summary.splits:
            _say_counts(summary)
    problems = [*summary.problems, *summary.bad_images]
    if problems:
        first, *rest = problems
        raise _not_written([first, *(f"  {problem}" for problem in rest)])
    return summary


def _say_counts(summary: DatasetSummary) -> None:
    for label, name in enumerate(summary.class_names[:20]):
        counts = [f"{split.counts.get(label, 0):,} {key}" for key, split in summary.splits.items()]
        say(f"    {name[:40]}: {', '.join(counts)}")
    if len(summary.class_names) > 20:
        say(f"    and {len(summary.class_names) - 20} more classes")


def _source_domain(folder: Path | None, target: Domain) -> Domain:
    if folder is not None:
        return _domain("source", folder)
    names = target.summary.class_names
    if names != _DIGITS or not _MNIST.is_dir():
        raise ConfigError(
            f"{target.path}: the source domain is missing. MNIST stands in only for the classes "
            f"0 to 9; here they are {listed(names)}. Pass a folder with many labelled images, of "
            "the same classes or of others: --source DIR."
        )
    return _domain("source", _MNIST, _as_given(_DIGITS_SCHEMA))


def _refuse_what_cannot_run(source: DatasetSummary, target: DatasetSummary) -> None:
    settings = ValidationSettings()
    cases = Case(source, settings), Case(target, settings, source, gate=GateSettings())
    stopping = []
    for case in cases:
        for finding in itertools.chain.from_iterable(apply_rules(RULES, case).values()):
            text = f"{case.domain.place}, {finding}"
            if finding.stops_the_run:
                stopping.append(text)
            else:
                say(f"Warning: {text}")
    if stopping:
        raise _not_written(stopping)


def _not_written(problems: Sequence[str]) -> ConfigError:
    return ConfigError(
        "\n".join([*problems, "No configuration was written: fix this and try again."])
    )


def _column(role: str, domain: Domain, names: Sequence[str]) -> tuple[str, list[Sequence[bytes]]]:
    samples = _samples(domain.summary)
    own = names if role == "target" else domain.summary.class_names
    labels = {name: label for label, name in enumerate(own)}
    images = [samples.get(labels.get(name, -1), ()) for name in names]
    return f"{role}: {domain.name}", images


def _as_given(path: Path) -> str:
    """Relative if below the current folder, so that the configuration can move with the data."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)


def _write_files(files: Mapping[Path, bytes], force: bool) -> None:
    for path, content in files.items():
        if path.exists() and not force and (path.is_dir() or path.read_bytes() != content):
            raise ConfigError(
                f"{path}: exists already, with other content. Pass another --output, or --force "
                "to overwrite it."
            )
    for path, content in files.items():
        write_output(path, content, make_folder=True)
