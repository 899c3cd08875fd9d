"""The plug-in package of docs/plugins.md, written to a folder, and two tiny domains for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path("docs/plugins.md")
CLASSES = 3
_SIZE = 12
_FILE = re.compile(r"```\w+\n# (\S+)\n(.*?)```", re.DOTALL)


def files_of_the_page() -> dict[str, str]:
    """The page's files by the names in their first lines."""
    return dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))


def write_plugins(folder: Path) -> Path:
    """Writes the page's package, configuration and the domains that it names into a folder."""
    for name, text in files_of_the_page().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "my_plugins/__init__.py").write_text("")
    write_arrays(folder / "thin", thickness=1, brightness=255, names=("images", "labels"))
    write_arrays(folder / "thick", thickness=3, brightness=120, names=("pixels", "labels"))
    return folder


def write_arrays(folder: Path, thickness: int, brightness: int, names: tuple[str, str]) -> None:
    """Writes noisy strokes in three directions as train.npz and eval.npz."""
    folder.mkdir()
    rng = np.random.default_rng(thickness)
    for split, per_class in (("train", 40), ("eval", 20)):
        labels = np.arange(per_class * CLASSES) % CLASSES
        images = np.stack([_stroke(int(label), thickness, brightness, rng) for label in labels])
        arrays: dict[str, Any] = dict(zip(names, (images, labels), strict=True))
        np.savez(folder / f"{split}.npz", **arrays)


def _stroke(label: int, thickness: int, brightness: int, rng: np.random.Generator) -> np.ndarray:
    image = rng.integers(0, 40, (_SIZE, _SIZE)).astype(np.uint8)
    place = int(rng.integers(2, _SIZE - 4))
    lines = slice(place, place + thickness)
    if label == 0:
        image[:, lines] = brightness
    elif label == 1:
        image[lines, :] = brightness
    else:
        for width in range(thickness):
            np.fill_diagonal(image[width:], brightness)
    return image
