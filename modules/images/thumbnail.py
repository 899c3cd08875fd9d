"""Small pictures of images of any format, size and mode."""

from __future__ import annotations

import io

from PIL import Image


def thumbnail(encoded: bytes, side: int) -> Image.Image:
    """Scales an image so that its longest side has a length; the aspect ratio is kept.

    Args:
        encoded: A file of a format that Pillow reads.
        side: Length of the longest side, in pixels.

    Returns:
        RGB. Enlarged pixels stay visible as squares: they are what the network sees. Transparent
        pixels become white.

    Raises:
        PIL.UnidentifiedImageError: The file is no image.
    """
    image = shown_image(encoded)
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    filter = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return image.convert("RGB").resize((width, height), filter)


def shown_image(encoded: bytes, paper: str = "white") -> Image.Image:
    """Decodes an image to 8-bit samples; its transparent pixels show the paper.

    Raises:
        PIL.UnidentifiedImageError: The file is no image.
    """
    with Image.open(io.BytesIO(encoded)) as opened:
        image: Image.Image = _eight_bit(opened)
    if image.has_transparency_data:
        sheet = Image.new("RGBA", image.size, paper)
        image = Image.alpha_composite(sheet, image.convert("RGBA"))
    return image


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which a plain conversion would clip.
        return image.point(lambda value: value / 256).convert("L")
    return image.copy()
