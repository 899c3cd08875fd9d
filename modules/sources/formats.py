"""The data formats, by name; importing them does not import TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.core.plugins.kinds import SubclassOf
from modules.core.registry import Registry
from modules.settings.options import with_options
from modules.sources.base import DEFAULT_DRAW, EvalDraw, ImageSource
from modules.sources.idx import IdxSource
from modules.sources.image_folder.source import ImageFolderSource
from modules.sources.tfrecord import TFRecordSource

FORMATS: Registry[type[ImageSource]] = Registry(
    "format",
    "format",
    {"idx": IdxSource, "image_folder": ImageFolderSource, "tfrecord": TFRecordSource},
    group="warmstart.formats",
    contract=SubclassOf(ImageSource, attributes=("split_patterns",)),
)


def open_source(
    format: str,
    folder: str,
    classes: Sequence[str] | None = None,
    label_offset: int = 0,
    draw: EvalDraw = DEFAULT_DRAW,
    options: Mapping[str, Any] | None = None,
    group: str | None = None,
) -> ImageSource:
    """Opens a folder of labelled images without reading any yet.

    Args:
        format: A registered name, or a plug-in's reference.
        folder, classes, label_offset, draw, group: As for `ImageSource`.
        options: Options of a plug-in.

    Raises:
        ConfigError: No format has that name, or it does not take such options.
        DataError: As `ImageSource` does.

    Example:
        >>> source = open_source("idx", "data/optdigits")
        >>> record = next(source.shards("train")[0].read())
        >>> (record.example_id, record.height, record.width, record.channels)
        ('train/00000000', 8, 8, 1)
    """
    source = with_options(FORMATS, format, options or {}, "options")
    # A plug-in may have been written without groups in mind.
    grouping: dict[str, Any] = {} if group is None else {"group": group}
    return source(folder, classes, label_offset, draw, **grouping)
