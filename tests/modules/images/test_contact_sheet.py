"""The contact sheet shows what it is given, in its place, whatever the images and names are."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from modules.images.contact_sheet import MOST_CLASSES, draw_contact_sheet
from tests.modules.sources.images import encoded, noise

Column = tuple[str, Sequence[Sequence[bytes]]]


def drawn(names: list[str], *columns: Column, images_per_class: int = 2) -> np.ndarray:
    sheet = draw_contact_sheet(names, columns, images_per_class)
    return np.asarray(Image.open(io.BytesIO(sheet)))


def test_images_stand_in_the_row_of_their_class_and_the_block_of_their_domain() -> None:
    red, blue = (encoded(Image.new("RGB", (5, 5), colour)) for colour in ("red", "blue"))
    sheet = drawn(["a", "b"], ("one", [[red], []]), ("two", [[], [blue]]))
    reds, blues = (
        np.argwhere((sheet == colour).all(axis=-1)) for colour in ((255, 0, 0), (0, 0, 255))
    )
    assert len(reds) == len(blues) == 48 * 48
    assert reds[:, 0].max() < blues[:, 0].min()
    assert reds[:, 1].max() < blues[:, 1].min()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_every_kind_of_image_can_be_shown(mode: str) -> None:
    image = encoded(noise(mode, 300, 3), "JPEG" if mode == "CMYK" else "PNG")
    assert drawn(["a"], ("one", [[image, image]])).std() > 1


def test_a_16_bit_image_is_not_clipped() -> None:
    pixels = np.array([[0, 20_000, 40_000, 65_535]], np.uint16)
    sheet = drawn(["a"], ("one", [[encoded(Image.fromarray(pixels))]]))
    assert {0, 78, 156, 255} <= set(sheet[..., 0].ravel().tolist())


@pytest.mark.parametrize("name", ["x" * 300, "<script>", "\u732b", "\n\0", "", "caf\u00e9"])
def test_any_name_fits_in_its_column(name: str) -> None:
    assert drawn([name], (name, [[]])).shape[1] < 400


def test_of_many_classes_the_first_are_shown() -> None:
    names = [str(number) for number in range(1000)]
    sheet = drawn(names, ("one", [[]] * 1000))
    assert sheet.shape[0] < (MOST_CLASSES + 2) * 52


def test_equal_input_gives_equal_sheets() -> None:
    column = ("one", [[encoded(noise())]])
    assert draw_contact_sheet(["a"], [column], 2) == draw_contact_sheet(["a"], [column], 2)
