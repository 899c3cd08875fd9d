"""The configuration of a domain: its name, and where and how its images are stored."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from modules.core.errors import ConfigError
from modules.settings import Settings, Shots
from modules.settings.base import NonNegativeInt, OptionValues, ProperFraction
from modules.settings.image_source import SpanChoice
from modules.settings.options import with_options
from modules.sources.base import EvalDraw
from modules.sources.formats import FORMATS
from modules.sources.grouping import check_group_pattern
from modules.sources.spans.pattern import SpanPattern, has_spans

_LONGEST_NAME = 63
_NEWEST_SPAN = "latest"
Name = Annotated[str, Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{_LONGEST_NAME - 1}}}$")]
PathText = Annotated[str, Field(pattern=r"^[^\x00]+$")]


def valid_name(text: str, otherwise: str) -> str:
    """Makes a name that a configuration may hold, such as that of a folder's domain.

    Example:
        >>> valid_name("Site A (2024)", "domain")
        'Site_A_2024'
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")
    return name[:_LONGEST_NAME] or otherwise


def _known_format(name: str) -> str:
    try:
        FORMATS.find(name)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("format: ")) from error
    return name


Format = Annotated[str, AfterValidator(_known_format)]


class DomainConfig(Settings):
    """What both domains have.

    Attributes:
        name: Name of the domain: letters, digits, `_` and `-`.
        path: Folder with the images.
        format: How the images are stored: `idx`, `image_folder`, `tfrecord`, or a plug-in's
            `package.module:object`.
        options: Options of a format that is a plug-in, by name.
        label_offset: The first class's label, in IDX and TFRecord files whose labels do not start
            at 0.
        eval_share: Share of the images that becomes the eval split of an image folder without one.
        eval_seed: Seed of that draw. It is apart from `seed`, so that runs with other seeds are
            judged by the same images.
        group: Which images belong together, such as those of a writer, patient or video: a regular
            expression on file names with the group in its first parentheses, such as `/(w[0-9]+)_`;
            a column of `labels.csv`; or a feature of the tf.Examples. A group is in one split only,
            and counts as one piece of evidence. By default each image stands for itself.
    """

    name: Name
    path: PathText
    format: Format = "idx"
    options: OptionValues = Field(default_factory=dict)
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    label_offset: NonNegativeInt = 0
    eval_share: ProperFraction = 0.2
    eval_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    group: Annotated[str, Field(min_length=1), AfterValidator(check_group_pattern)] | None = None

    @model_validator(mode="after")
    def _fits_the_format(self) -> DomainConfig:
        try:
            with_options(FORMATS, self.format, self.options, "options")
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def folder(self) -> str:
        """The folder of the images, or of the spans' folders."""
        return self.path

    @property
    def eval_draw(self) -> EvalDraw:
        """How an eval split is drawn where the folder has none."""
        return EvalDraw(self.eval_share, self.eval_seed)


class SourceConfig(DomainConfig):
    """The source domain, with plenty of labelled images.

    Attributes:
        classes: Class names in label order, if the data do not carry them.
        schema_file: A pinned schema (text proto); by default the schema is inferred.
    """

    schema_file: PathText | None = None

    @field_validator("path")
    @classmethod
    def _is_one_folder(cls, path: str) -> str:
        if has_spans(path):
            raise ValueError("only target.path can have spans; name a folder")
        return path


class TargetConfig(DomainConfig):
    """The target domain, with few labelled images.

    Attributes:
        classes: Class names in label order, if the data do not carry them and they are not the
            source's `classes`.
        class_map: The source's class names by the target's, such as `letter_A: A`, for classes that
            are the same under another name.
        shots: Labelled images per class that training may use.
        spans: Where `path` has a folder for each span, as in `data/site_a/span-{SPAN}` or
            `data/site_a/{YYYY}-{MM}-{DD}`, those to train on: `latest`, `all`, or `last:N` for the
            N newest. The eval images of all spans are evaluated.
    """

    class_map: dict[str, str] = Field(default_factory=dict)
    shots: Shots = 10
    spans: SpanChoice = _NEWEST_SPAN

    @field_validator("path")
    @classmethod
    def _is_understood(cls, path: str) -> str:
        if has_spans(path):
            SpanPattern.parse(path)
        return path

    @model_validator(mode="after")
    def _has_spans_to_choose(self) -> TargetConfig:
        if self.spans != _NEWEST_SPAN and self.span_pattern is None:
            raise ValueError(
                f"spans is {self.spans}, and the path {self.path} has none: write {{SPAN}}, or "
                "{YYYY}, {MM} and {DD}, where the names of the spans' folders differ"
            )
        return self

    @property
    def span_pattern(self) -> SpanPattern | None:
        """The pattern of the spans' folders; None where the path is one folder."""
        return SpanPattern.parse(self.path) if has_spans(self.path) else None

    @property
    def folder(self) -> str:
        """The folder of the images, or of the spans' folders."""
        return self.span_pattern.base if self.span_pattern else self.path

    @field_validator("class_map", mode="before")
    @classmethod
    def _read_numbers_as_names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {_name(theirs): _name(ours) for theirs, ours in value.items()}


def _name(value: Any) -> Any:
    # YAML takes the class name 9 for a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
