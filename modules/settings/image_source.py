"""Settings of an ingestion, as they travel from the component to its executor."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from modules.settings.base import (
    NonNegativeInt,
    OptionValues,
    PositiveInt,
    ProperFraction,
    Settings,
)
from modules.settings.validation import ValidationSettings


def _known_choice(text: str) -> str:
    if not re.fullmatch("latest|all|last:[1-9][0-9]{0,8}", text):
        raise ValueError(f"expected latest, all, or last:N such as last:4; found {text!r:.80}")
    return text


SpanChoice = Annotated[str, AfterValidator(_known_choice)]


class SpanSettings(Settings):
    """Where the data of a domain arrive in spans, and which of them are trained on.

    Attributes:
        pattern: Of each span's folder, as `modules.sources.spans.pattern` says.
        trained: `latest`, `all`, or `last:N` for the N newest.
        store: Folder or URI that keeps what was read; null reads all spans each time.
    """

    pattern: str
    trained: SpanChoice = "latest"
    store: str | None = None


class ImageSourceSettings(Settings):
    """How a folder of labelled images is read.

    Attributes:
        domain: Name that every example carries.
        format: A format registered in `modules.sources.formats`, or a plug-in's reference.
        classes: Class names in label order; null takes them from the data.
        class_map: Other names, by those that the data or `classes` give.
        label_offset: The first class's label in the data.
        eval_share: Share of the images to draw as eval split, if there is none.
        eval_seed: Seed of that draw.
        group: How the group of each image is found; null for no groups.
        validation: Says what happens to images that cannot be read, and to copies.
        options: Options of a format that is a plug-in, by name.
        num_shards: Number of output files a split; null chooses by the number of records.
        spans: Where the data arrive in spans; null where the folder holds all of them.
    """

    domain: str
    format: str
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    class_map: dict[str, str] = Field(default_factory=dict)
    label_offset: NonNegativeInt = 0
    eval_share: ProperFraction = 0.2
    eval_seed: int = 0
    group: str | None = None
    validation: ValidationSettings = ValidationSettings()
    options: OptionValues = Field(default_factory=dict)
    num_shards: PositiveInt | None = None
    spans: SpanSettings | None = None
