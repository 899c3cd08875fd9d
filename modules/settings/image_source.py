"""The settings of an ingestion, as they travel from the component to its executor."""

from __future__ import annotations

from pydantic import Field

from modules.settings import PositiveInt, Settings


class ImageSourceSettings(Settings):
    """How a folder of labelled images is read.

    Attributes:
        domain: Name that every example carries.
        format: A name registered in `modules.sources.formats`.
        classes: Class names in label order; None takes them from the data.
        num_shards: Output files a split; None chooses by the number of records.
    """

    domain: str
    format: str
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    num_shards: PositiveInt | None = None
