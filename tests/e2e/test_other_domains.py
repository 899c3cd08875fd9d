"""Other domains, as people have them: folders, photos, a table, a bad file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import read_idx, read_result, warmstart

pytestmark = pytest.mark.e2e

CLASSES = ("zero", "one", "two", "three")


def coloured_digits(
    domain: str, size: int, per_class: int, background: tuple[int, int, int]
) -> Iterator[tuple[str, str, int, Image.Image]]:
    """Split, class, number and picture of the first digits of each class."""
    for prefix, split in (("train", "train"), ("t10k", "test")):
        images = read_idx(Path(f"data/{domain}/{prefix}-images-idx3-ubyte.gz"))
        labels = read_idx(Path(f"data/{domain}/{prefix}-labels-idx1-ubyte.gz"))
        for label, name in enumerate(CLASSES):
            for number, image in enumerate(images[labels == label][:per_class]):
                ink = np.asarray(Image.fromarray(image).resize((size, size)))[..., None] / 255
                colour = (ink * 255 + (1 - ink) * np.array(background)).astype(np.uint8)
                yield split, name, number, Image.fromarray(colour)


def write_class_folders(folder: Path) -> Path:
    """No splits; every third picture is a photo that the camera has stored on its side."""
    sideways = Image.Exif()
    sideways[0x0112] = 6
    for split, name, number, picture in coloured_digits("mnist", 40, 250, (0, 0, 90)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        path = folder / name / f"{split}-{number:04d}"
        if number % 3:
            picture.save(f"{path}.png")
        else:
            stored = picture.transpose(Image.Transpose.ROTATE_90)
            stored.save(f"{path}.jpg", quality=90, exif=sideways)
    return folder


def write_table(folder: Path) -> Path:
    """A folder of WebP and BMP files, and a table that names their classes and splits."""
    (folder / "photos").mkdir(parents=True)
    rows = ["file,label,split"]
    for split, name, number, picture in coloured_digits("optdigits", 17, 80, (60, 0, 0)):
        file = f"{split}-{name}-{number:04d}.{'webp' if number % 2 else 'bmp'}"
        picture.save(folder / "photos" / file)
        rows.append(f"{file},{name},{split}")
    (folder / "photos/train-zero-0000.bmp").write_bytes(b"no image")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_ordinary_folders_of_colour_images_with_four_named_classes(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "source")
    target = write_table(tmp_path / "target")
    config = tmp_path / "pair.yaml"
    config.write_text(
        f"""
name: coloured_digits
source: {{name: blue, path: {source}, format: image_folder}}
target: {{name: red, path: {target}, format: image_folder, shots: 5}}
network: {{name: lenet, image_size: 24, channels: 3}}
pretraining: {{steps: 150}}
transfer: {{steps: 60}}
gate: {{min_eval_examples: 50}}
validation: {{bad_images: skip}}
"""
    )
    output = tmp_path / "output"
    done = warmstart("run", config, "--output", output)
    assert done.code == 0, done.output
    assert "found 1 file that is left out" in done.output
    result = read_result(output)
    assert set(result["arms"]["warm_start"]["per_class"]) == set(CLASSES)
    assert result["arms"]["warm_start"]["accuracy"] > 0.9
    assert result["target"]["train_examples"] == 20
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "No eval split was found. One was drawn by seed 0" in report
    assert "train-zero-0000.bmp" in report
    (ingestion,) = output.glob("artifacts/TargetExampleGen/examples/*/ingestion.json")
    assert len(json.loads(ingestion.read_text())["bad_images"]) == 1
