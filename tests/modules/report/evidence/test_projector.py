"""The files of TensorBoard's projector, whatever the classes, files and images are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import ProjectorConfig

from modules.report.evidence.projector import MOST_EXAMPLES, ProjectedExamples, write_projector
from tests.modules.sources.images import encoded
from tests.report_domain import HOSTILE_NAMES

COLOURS = ("red", "lime", "blue")


def examples(count: int, names: int = 3) -> ProjectedExamples:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % names
    return ProjectedExamples(
        [f"eval/a\tb\n{number}" for number in range(count)],
        [encoded(Image.new("RGB", (8, 4), COLOURS[number % 3])) for number in range(count)],
        labels,
        rng.normal(size=(count, 5)).astype(np.float32),
        rng.normal(size=(count, 5)).astype(np.float32),
        np.zeros(count, np.int64),
        labels,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_projector(examples(7), ["one", "two", "three"], str(tmp_path / "projector"))
    return tmp_path / "projector"


def test_both_sets_of_features_are_named_with_their_files(folder: Path) -> None:
    text = (folder / "projector_config.pbtxt").read_text()
    config = text_format.Parse(text, ProjectorConfig())
    assert [each.tensor_name for each in config.embeddings] == [
        "after the transfer",
        "before the transfer",
    ]
    made = examples(7)
    for each, features in zip(config.embeddings, (made.after, made.before), strict=True):
        np.testing.assert_allclose(np.loadtxt(folder / each.tensor_path), features, rtol=1e-4)
        assert list(each.tensor_shape) == [7, 5]
        assert (folder / each.metadata_path).exists()
        assert (folder / each.sprite.image_path).exists()


def test_metadata_tell_class_answers_and_outcome(folder: Path) -> None:
    header, *rows = (folder / "metadata.tsv").read_text().splitlines()
    assert header.split("\t") == [
        "class",
        "before the transfer",
        "after the transfer",
        "outcome",
        "image",
    ]
    assert rows[0].split("\t")[:4] == ["one", "one", "one", "right before and after"]
    assert rows[1].split("\t")[:4] == ["two", "one", "two", "fixed by the transfer"]


def test_hostile_names_stay_in_their_cell(tmp_path: Path) -> None:
    names = [*HOSTILE_NAMES, "a\tb\r\nc\N{LINE SEPARATOR}d\x85e"]
    write_projector(examples(22, len(names)), names, str(tmp_path))
    lines = (tmp_path / "metadata.tsv").read_text().splitlines()
    assert len(lines) == 23
    assert {line.count("\t") for line in lines} == {4}


def test_sprites_stand_row_by_row_in_the_order_of_the_points(folder: Path) -> None:
    sheet = Image.open(folder / "sprite.png")
    assert sheet.size == (96, 96)
    for place in range(7):
        row, column = divmod(place, 3)
        colour = sheet.getpixel((column * 32 + 16, row * 32 + 16))
        assert colour == Image.new("RGB", (1, 1), COLOURS[place % 3]).getpixel((0, 0))
        # Twice as wide as high, as the image is.
        assert sheet.getpixel((column * 32 + 16, row * 32 + 2)) == (0, 0, 0)


def test_the_largest_sheet_is_small_enough_for_webgl(tmp_path: Path) -> None:
    write_projector(examples(MOST_EXAMPLES), ["one", "two", "three"], str(tmp_path))
    assert max(Image.open(tmp_path / "sprite.png").size) <= 8192
