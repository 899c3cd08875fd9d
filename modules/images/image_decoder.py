"""From encoded images to the network's size, traced once however often Transform asks for it."""

from __future__ import annotations

import functools

import tensorflow as tf
from tensorflow.types.experimental import ConcreteFunction

from modules.images.decoding import decode_images
from modules.images.framing import image_resizer
from modules.settings import PreprocessingSettings


@functools.lru_cache(maxsize=4)
def image_decoder(settings: PreprocessingSettings, channels: int, size: int) -> ConcreteFunction:
    """Makes the function that decodes images and frames or resizes them.

    Transform traces a `preprocessing_fn` some ten times. Most of a trace would be this part.

    Args:
        settings: How images are brought to one size.
        channels: 1 for grey, 3 for RGB.
        size: Height and width of the result, in pixels.

    Returns:
        Maps encoded images, string `[N]`, to float32 `[N, size, size, channels]` in [0, 1], in any
        graph.
    """
    resize = image_resizer(settings, size)
    with tf.init_scope():
        decode = tf.function(
            lambda encoded: decode_images(encoded, channels, size, resize),
            input_signature=[tf.TensorSpec([None], tf.string)],
            autograph=False,
        )
        return decode.get_concrete_function()
