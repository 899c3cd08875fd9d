"""Draws a contact sheet: a few images of each class of two domains, to see before a run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from modules.images.thumbnail import thumbnail

MOST_CLASSES = 50
_TILE = 48
_GAP = 4
_MOST_NAME_WIDTH = 150
_HEADER = 26
_FONT_SIZE = 13
_PAPER, _INK, _EMPTY = (250, 250, 250), (30, 30, 30), (225, 225, 225)


def draw_contact_sheet(
    class_names: Sequence[str],
    columns: Sequence[tuple[str, Sequence[Sequence[bytes]]]],
    images_per_class: int,
) -> bytes:
    """Draws a row for each class and a block of images for each domain.

    Small images are enlarged pixel by pixel, large ones are scaled down; the aspect ratio is kept.
    Of more than 50 classes the first ones are shown.

    Args:
        class_names: K names in label order.
        columns: A heading for each domain, and a few encoded images of each of its K classes.
        images_per_class: Width of a domain's block, in images.

    Returns:
        A PNG.
    """
    names = class_names[:MOST_CLASSES]
    block = images_per_class * (_TILE + _GAP) + 4 * _GAP
    row_height = _TILE + _GAP
    note = _HEADER if len(class_names) > len(names) else 0
    font = _font()
    shown = [_fitting(name, _MOST_NAME_WIDTH, font) for name in names]
    name_width = 3 * _GAP + int(max(map(font.getlength, shown), default=0))
    size = (name_width + len(columns) * block, _HEADER + len(names) * row_height + _GAP + note)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, images) in enumerate(columns):
        left = name_width + number * block
        draw.text((left, _GAP), _fitting(title, block - _GAP, font), _INK, font)
        for label in range(len(names)):
            for place in range(images_per_class):
                at = (left + place * (_TILE + _GAP), _HEADER + label * row_height)
                _place(sheet, draw, images[label][place : place + 1], at)
    for label, name in enumerate(shown):
        top = _HEADER + label * row_height + (_TILE - _FONT_SIZE) // 2
        draw.text((_GAP, top), name, _INK, font)
    if note:
        rest = f"and {len(class_names) - len(names)} more classes"
        draw.text((_GAP, size[1] - _HEADER + _GAP), rest, _INK, font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _place(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, image: Sequence[bytes], at: tuple[int, int]
) -> None:
    if not image:
        draw.rectangle((*at, at[0] + _TILE - 1, at[1] + _TILE - 1), outline=_EMPTY)
        return
    tile = thumbnail(image[0], _TILE)
    left, top = ((_TILE - side) // 2 for side in tile.size)
    sheet.paste(tile, (at[0] + left, at[1] + top))


def _font() -> ImageFont.FreeTypeFont:
    # Matplotlib's knows more alphabets than Pillow's.
    return ImageFont.truetype(
        Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), _FONT_SIZE
    )


def _fitting(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """Cuts a text that is too long; unprintable characters become question marks."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
