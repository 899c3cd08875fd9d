"""A first configuration for two domains, with values that suit what is in their folders."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from modules.core.example_features import TRAIN_SPLIT
from modules.domains.dataset_summary import DatasetSummary
from modules.domains.dataset_wording import describe_dataset
from modules.domains.label_space import LabelSpace, describe_classes
from pipelines.domain_config import valid_name
from pipelines.proposal import Look, propose_network, propose_preprocessing

_SHOTS = 10
_WIDTH = 99


@dataclass(frozen=True)
class Domain:
    """One domain of the configuration.

    Args:
        path: Its folder, as the configuration names it.
        summary: What is in the folder.
        ink_share: Share of its train images that are ink on a plain background.
        schema_file: A pinned schema; None infers it.
    """

    path: str
    summary: DatasetSummary
    ink_share: float
    schema_file: str | None = None

    @property
    def name(self) -> str:
        """The folder's name, without characters that a domain's name may not hold."""
        return valid_name(Path(self.path).resolve().name, "domain")

    @property
    def look(self) -> Look:
        """What its train images look like."""
        shapes = self.summary.splits[TRAIN_SPLIT].shapes
        usual = max(shapes, key=lambda shape: shapes[shape])
        return Look(max(usual.height, usual.width), self.summary.has_colour, self.ink_share)


def config_text(
    source: Domain, target: Domain, class_map: Mapping[str, str], output: Path, sheet: Path
) -> str:
    """Writes out a configuration that is ready to run.

    Args:
        source: The source domain.
        target: The target domain.
        class_map: Target classes that are the source's under another name.
        output: Where the configuration will be.
        sheet: The contact sheet beside it.

    Returns:
        YAML, headed by a comment with the commands and what was found. Equal domains give equal
        text.
    """
    head = [
        f"{source.name} to {target.name}.",
        "",
        f"  {shlex.join(['warmstart', 'check', str(output)])}",
        f"  {shlex.join(['warmstart', 'run', str(output)])}",
        "",
        *_description("source", source),
        *_description("target", target),
        *_classes(source, target, class_map),
        f"A few images of each class: {sheet}",
    ]
    comment = "".join(f"# {line}".rstrip() + "\n" for line in _shortened(head))
    body = yaml.safe_dump(
        _values(source, target, class_map), sort_keys=False, allow_unicode=True, width=10_000
    )
    return comment + _annotated(body)


def _classes(source: Domain, target: Domain, class_map: Mapping[str, str]) -> list[str]:
    names = [class_map.get(name, name) for name in target.summary.class_names]
    space = LabelSpace.of(source.summary.class_names, names)
    if not space.new:
        return [describe_classes(space)]
    hint = "If a new class is one of the source's under another name: target.class_map"
    return [describe_classes(space), f"{hint}: {{{space.new[0]}: NAME}}."]


def _values(source: Domain, target: Domain, class_map: Mapping[str, str]) -> dict[str, Any]:
    counts = target.summary.splits[TRAIN_SPLIT].counts
    preprocessing = propose_preprocessing(source.look, target.look)
    source_section = {"name": source.name, "path": source.path, "format": source.summary.format}
    if source.schema_file:
        source_section["schema_file"] = source.schema_file
    return {
        "name": valid_name(f"{source.name}_to_{target.name}", "transfer"),
        "seed": 0,
        "source": source_section,
        "target": {
            "name": target.name,
            "path": target.path,
            "format": target.summary.format,
            **({"class_map": dict(class_map)} if class_map else {}),
            "shots": min(_SHOTS, *counts.values()),
        },
        "network": propose_network(source.look, target.look, framed=preprocessing["framing"]),
        "preprocessing": preprocessing,
    }


def _annotated(body: str) -> str:
    """Explains the values that a user is most likely to change."""
    notes = {
        "shots": "labelled images per class that training may use; or: all",
        "framing": "crop to the ink and centre it; for characters, not for photographs",
        "weights": "none: random; imagenet: published ones, which Keras downloads; or a file",
        "augmentation": "robust: for ink; photo: flips, crops and changes colours; none",
        "image_size": "pixels; larger ones are scaled down",
        "channels": "1: grey, 3: colour",
    }
    lines = []
    for line in body.splitlines():
        note = notes.get(line.strip().partition(":")[0])
        lines.append(f"{line}  # {note}" if note and line.startswith(" ") else line)
    return "\n".join(lines) + "\n"


def _description(role: str, domain: Domain) -> list[str]:
    first, *rest = describe_dataset(domain.summary)
    return [f"{role} {domain.name}: {first}", *(f"  {line}" for line in rest)]


def _shortened(lines: Sequence[str]) -> list[str]:
    printable = ["".join(c if c.isprintable() else "?" for c in line) for line in lines]
    return [
        line if len(line) < _WIDTH or line.lstrip().startswith("warmstart ") else f"{line[:95]}..."
        for line in printable
    ]
