"""The data formats, by name; importing them does not import TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

from modules.core.registry import Registry
from modules.sources.base import DEFAULT_DRAW, EvalDraw, ImageSource
from modules.sources.idx import IdxSource
from modules.sources.image_folder.source import ImageFolderSource
from modules.sources.tfrecord import TFRecordSource

FORMATS: Registry[type[ImageSource]] = Registry(
    "format",
    "format",
    {"idx": IdxSource, "image_folder": ImageFolderSource, "tfrecord": TFRecordSource},
)


def open_source(
    format: str,
    folder: str,
    classes: Sequence[str] | None = None,
    label_offset: int = 0,
    draw: EvalDraw = DEFAULT_DRAW,
) -> ImageSource:
    """Opens a folder of labelled images without reading any yet.

    Args:
        format: A registered name.
        folder, classes, label_offset, draw: As for `ImageSource`.

    Raises:
        ConfigError: No format has that name.
        DataError: As `ImageSource` does.

    Example:
        >>> source = open_source("idx", "data/optdigits")
        >>> record = next(source.shards("train")[0].read())
        >>> (record.example_id, record.height, record.width, record.channels)
        ('train/00000000', 8, 8, 1)
    """
    return FORMATS.find(format)(folder, classes, label_offset, draw)
