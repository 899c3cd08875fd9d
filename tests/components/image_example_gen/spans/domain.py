"""Spans of tiny images, and the component that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tfx.types import standard_artifacts

from modules.settings.image_source import SpanSettings
from modules.sources.png import encode_pngs
from tests.components.image_example_gen.ingestion import execute

PATTERN = "span-{SPAN}"
SPLITS = {"train": 3, "eval": 2}


def write_span(
    root: Path,
    number: int,
    classes: Sequence[str] = ("cat", "dog"),
    splits: Mapping[str, int] = SPLITS,
) -> Path:
    """Writes noise, different in each span: so many images of each class in each split."""
    folder = root / f"span-{number}"
    rng = np.random.default_rng(number)
    for split, images in splits.items():
        for name in classes:
            for index in range(images):
                path = folder / split / name / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = rng.integers(0, 256, (1, 12, 12, 1), np.uint8)
                path.write_bytes(*encode_pngs(pixels))
    return folder


def ingest(
    root: Path, output: str, trained: str = "latest", **arguments: Any
) -> standard_artifacts.Examples:
    """Reads the spans below a folder; what was read is kept beside the outputs."""
    return execute(
        root / output,
        input_base=str(root),
        format="image_folder",
        spans=SpanSettings(pattern=PATTERN, trained=trained, store=str(root / "store")),
        **arguments,
    )


def spans_of(artifact: standard_artifacts.Examples) -> dict[str, str]:
    """What the metadata store is told: all spans, those to train on, those that were read."""
    names = ("spans", "trained_spans", "ingested_spans")
    return {name: artifact.get_string_custom_property(name) for name in names}
