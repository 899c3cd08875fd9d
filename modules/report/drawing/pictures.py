"""Images of the data, embedded in the page."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

_LONGEST_SIDE = 72


def encoded_picture(encoded: bytes) -> str:
    """Embeds an example's own image, scaled down if it is large.

    Args:
        encoded: PNG, JPEG, BMP or GIF.

    Returns:
        A `data:` URI of a PNG.

    Raises:
        tf.errors.InvalidArgumentError: It is not such an image.
    """
    return _data_uri(tf.io.decode_image(encoded, expand_animations=False).numpy())


def preprocessed_picture(image: npt.NDArray[np.float32]) -> str:
    """Embeds what the network sees.

    Args:
        image: float32 [H, W, C]. Its range is stretched from black to white.

    Returns:
        A `data:` URI of a PNG.
    """
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / (high - low or 1.0)
    return _data_uri(np.round(255.0 * scaled).astype(np.uint8))


def _data_uri(pixels: npt.NDArray[np.uint8]) -> str:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
