"""Tells ink on a plain background, such as characters, from photographs: how many images are it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from modules.images.ink import find_ink
from modules.images.thumbnail import thumbnail

_SIDE = 48


def measure_ink_share(encoded: Sequence[bytes]) -> float:
    """Measures which share of some images is ink on a plain background, as framing sees it.

    An image is if most of its border has the background's colour, if what differs from that stands
    out from its noise, and if this is either brighter or darker than the background, not both; see
    `modules.images.ink.find_ink`.

    Args:
        encoded: Files of any format and size that Pillow reads; at least one.

    Returns:
        Between 0 and 1.
    """
    # Nearest neighbours keep what enlarged pixels look like.
    squares = [thumbnail(image, _SIDE).resize((_SIDE, _SIDE)) for image in encoded]
    pixels = np.stack([np.asarray(square, np.float32) / 255.0 for square in squares])
    return float(np.mean(find_ink(tf.constant(pixels)).present))
