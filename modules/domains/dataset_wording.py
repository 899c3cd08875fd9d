"""Describes a folder of labelled images, in the terminal and in a configuration's head."""

from __future__ import annotations

from collections.abc import Mapping

from modules.core.wording import count, listed
from modules.domains.dataset_summary import DatasetSummary
from modules.sources.encoded import ImageShape


def describe_dataset(summary: DatasetSummary) -> list[str]:
    """Says what was found: format and classes, then each split's counts, sizes and colours, then
    what was decided about them.

    Example:
        >>> from modules.domains.dataset_summary import summarize_dataset
        >>> describe_dataset(summarize_dataset("idx", "data/optdigits"))[1]
        'train: 898 images (87 to 91 per class), 8x8, grey'
    """
    names = summary.class_names
    lines = [f"{summary.format}, {count(len(names), 'class', 'classes')}: {listed(names)}"]
    for name, split in summary.splits.items():
        counts = [split.counts.get(label, 0) for label in range(len(names))]
        low, high = min(counts, default=0), max(counts, default=0)
        images = count(split.examples, "image")
        if not split.is_counted:
            images = f"{split.examples:,} or more images"
        per_class = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        line = f"{name}: {images} ({per_class} per class), {_shapes(split.shapes)}"
        if split.is_counted and split.images_read < split.examples:
            line += f"; {split.images_read:,} of them read"
        lines.append(line)
    return [*lines, *summary.notes]


def _shapes(shapes: Mapping[ImageShape, int]) -> str:
    sizes = sorted({(shape.width, shape.height) for shape in shapes}, key=lambda size: max(size))
    if not sizes:
        return "none readable"
    (width, height), (widest, highest) = sizes[0], sizes[-1]
    size = f"{width}x{height}"
    if len(sizes) > 1:
        size += f" to {widest}x{highest}"
    channels = {shape.channels for shape in shapes}
    colours = [name for number, name in ((1, "grey"), (3, "colour")) if number in channels]
    return f"{size}, {' and '.join(colours)}"
