"""The decoder of a preprocessing is traced once, and works in any graph."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.images.decoding import decode_images
from modules.images.framing import image_resizer
from modules.images.image_decoder import image_decoder
from modules.settings import PreprocessingSettings

FRAMED = PreprocessingSettings()


def pngs(count: int) -> tf.Tensor:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 12, 9, 1), np.uint8)
    return tf.stack([tf.io.encode_png(image) for image in pixels])


def test_it_gives_what_decoding_gives_in_every_graph_that_calls_it() -> None:
    encoded = pngs(5)
    expected = decode_images(encoded, 1, 8, image_resizer(FRAMED, 8))
    decoder = image_decoder(FRAMED, 1, 8)
    for _ in range(2):
        graph = tf.function(lambda images: decoder(images))  # a trace each
        np.testing.assert_allclose(graph(encoded), expected, atol=1e-6)


def test_equal_settings_share_one_trace_and_others_have_their_own() -> None:
    decoder = image_decoder(FRAMED, 1, 8)
    assert image_decoder(PreprocessingSettings(), 1, 8) is decoder
    whole = image_decoder(PreprocessingSettings(framing=False), 3, 8)
    assert whole(pngs(2)).shape == (2, 8, 8, 3)


def test_a_first_call_while_a_graph_is_built_leaves_nothing_in_that_graph() -> None:
    settings = PreprocessingSettings(framing=False, polarity=False)

    @tf.function
    def first(images: tf.Tensor) -> tf.Tensor:
        return image_decoder(settings, 1, 5)(images)

    first(pngs(2))
    assert image_decoder(settings, 1, 5)(pngs(3)).shape == (3, 5, 5, 1)
