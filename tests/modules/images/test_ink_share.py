"""Ink on a plain background is told from photographs by measurement."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.images.ink_share import measure_ink_share
from tests.modules.embedded_digits import train_digits


def encode(images: np.ndarray) -> list[bytes]:
    return [tf.io.encode_png(np.uint8(np.clip(image, 0, 1) * 255)).numpy() for image in images]


@pytest.mark.parametrize("domain", ["mnist", "optdigits"])
@pytest.mark.parametrize("dark", [False, True])
def test_digits_are_ink_bright_or_dark(domain: str, dark: bool) -> None:
    images = train_digits(domain, 60)[0]
    images = images / images.max()
    assert measure_ink_share(encode(1 - images if dark else images)) > 0.9


def test_coloured_ink_on_coloured_paper_is_ink() -> None:
    ink = train_digits("mnist", 60)[0]
    ink = ink / ink.max()
    coloured = ink * np.array([0.9, 0.2, 0.1]) + (1 - ink) * np.array([0.1, 0.1, 0.4])
    assert measure_ink_share(encode(coloured)) > 0.9


def test_textures_and_smooth_scenes_are_not() -> None:
    rng = np.random.default_rng(0)
    textures = rng.random((20, 32, 32, 3))
    scenes = tf.image.resize(rng.random((20, 4, 4, 3)), [32, 32], "bicubic").numpy()
    flat = np.full((20, 32, 32, 3), 0.5)
    for images in (textures, scenes, flat):
        assert measure_ink_share(encode(images)) < 0.2
