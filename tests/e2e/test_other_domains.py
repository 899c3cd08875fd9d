"""Other domains: folders as people have them, and other classes in the target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import read_idx, read_result, warmstart

pytestmark = pytest.mark.e2e

# Digits by the names of their classes. The target calls 1 otherwise, lacks 0, and has 4.
SOURCE_CLASSES = {"zero": 0, "one": 1, "two": 2, "three": 3}
TARGET_CLASSES = {"two": 2, "the one": 1, "three": 3, "four": 4}


def coloured_digits(
    domain: str,
    classes: Mapping[str, int],
    size: int,
    per_class: int,
    background: tuple[int, int, int],
) -> Iterator[tuple[str, str, int, Image.Image]]:
    """Split, class, number and picture of the first digits of each class."""
    for prefix, split in (("train", "train"), ("t10k", "test")):
        images = read_idx(Path(f"data/{domain}/{prefix}-images-idx3-ubyte.gz"))
        labels = read_idx(Path(f"data/{domain}/{prefix}-labels-idx1-ubyte.gz"))
        for name, label in classes.items():
            for number, image in enumerate(images[labels == label][:per_class]):
                ink = np.asarray(Image.fromarray(image).resize((size, size)))[..., None] / 255
                colour = (ink * 255 + (1 - ink) * np.array(background)).astype(np.uint8)
                yield split, name, number, Image.fromarray(colour)


def write_class_folders(folder: Path) -> Path:
    """The source: no splits, and every third picture a photo that was stored on its side."""
    sideways = Image.Exif()
    sideways[0x0112] = 6
    digits = coloured_digits("mnist", SOURCE_CLASSES, 40, 250, (0, 0, 90))
    for split, name, number, picture in digits:
        (folder / name).mkdir(parents=True, exist_ok=True)
        path = folder / name / f"{split}-{number:04d}"
        if number % 3:
            picture.save(f"{path}.png")
        else:
            stored = picture.transpose(Image.Transpose.ROTATE_90)
            stored.save(f"{path}.jpg", quality=90, exif=sideways)
    return folder


def write_table(folder: Path) -> Path:
    """The target: a table beside WebP and BMP files, one of them bad."""
    (folder / "photos").mkdir(parents=True)
    rows = ["file,label,split"]
    digits = coloured_digits("optdigits", TARGET_CLASSES, 17, 80, (60, 0, 0))
    for split, name, number, picture in digits:
        file = f"{split}-{name}-{number:04d}.{'webp' if number % 2 else 'bmp'}"
        picture.save(folder / "photos" / file)
        rows.append(f"{file},{name},{split}")
    (folder / "photos/train-two-0000.bmp").write_bytes(b"no image")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_ordinary_folders_of_colour_images_with_renamed_fewer_and_new_classes(
    tmp_path: Path,
) -> None:
    source = write_class_folders(tmp_path / "source")
    target = write_table(tmp_path / "target")
    config = tmp_path / "pair.yaml"
    config.write_text(
        f"""
name: coloured_digits
source: {{name: blue, path: {source}, format: image_folder}}
target:
  name: red
  path: {target}
  format: image_folder
  class_map: {{the one: one}}
  shots: 5
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
    # In the order of the target's names.
    assert result["target"]["classes"] == ["four", "one", "three", "two"]
    assert set(result["arms"]["warm_start"]["per_class"]) == {"four", "one", "three", "two"}
    assert result["arms"]["pretrained"]["kind"] == "probe"
    assert result["arms"]["warm_start"]["accuracy"] > 0.9
    assert result["source"]["accuracy_after_transfer"] > 0.8
    assert result["target"]["train_examples"] == 20
    assert "pretrained (linear probe)" in done.output
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "answers through a linear probe" in report
    assert "from a linear probe of 5 labelled images" in report
    assert "No eval split was found. One was drawn by seed 0" in report
    assert "train-two-0000.bmp" in report
    (ingestion,) = output.glob("artifacts/TargetExampleGen/examples/*/ingestion.json")
    assert len(json.loads(ingestion.read_text())["bad_images"]) == 1
