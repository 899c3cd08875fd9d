"""The decoders that prove an image: TensorFlow, which the pipeline uses, or the quicker Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Protocol

from PIL import Image, JpegImagePlugin

# What Pillow raises on damaged files, by format and by how far it gets.
_PILLOW_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


class ImageDecoder(Protocol):
    """Decodes PNG and JPEG files."""

    def jpeg_shape(self, data: bytes) -> tuple[int, int, int]:
        """Reads height, width and channels from a JPEG's header.

        Raises:
            ValueError: The header is damaged.
        """

    def decode(self, data: bytes) -> None:
        """Decodes a PNG or JPEG in full.

        Raises:
            ValueError: The image is damaged.
        """


class TensorFlowDecoder:
    """Decodes as the pipeline will, so that what passes is certain to be read there."""

    def jpeg_shape(self, data: bytes) -> tuple[int, int, int]:  # noqa: D102
        import tensorflow as tf  # Takes seconds; sources of raw pixels never need it.

        try:
            height, width, channels = tf.io.extract_jpeg_shape(data).numpy().tolist()
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(error.message) from None
        return height, width, channels

    def decode(self, data: bytes) -> None:  # noqa: D102
        import tensorflow as tf

        try:
            tf.io.decode_image(data, expand_animations=False)
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(error.message) from None


class PillowDecoder:
    """Decodes without TensorFlow and its seconds of import, for a first look at the data."""

    def jpeg_shape(self, data: bytes) -> tuple[int, int, int]:  # noqa: D102
        try:
            # Image.open would refuse a bomb before its size is known, which belongs in the message.
            with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
                return image.height, image.width, len(image.getbands())
        except _PILLOW_ERRORS as error:
            raise ValueError(str(error)) from None

    def decode(self, data: bytes) -> None:  # noqa: D102
        try:
            with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as image:
                image.load()
        except _PILLOW_ERRORS as error:
            raise ValueError(str(error)) from None
