"""Settings of what happens to an image before the network sees it."""

from __future__ import annotations

from typing import Literal

from modules.settings.base import Settings


class PreprocessingSettings(Settings):
    """What happens to an image before the network sees it.

    Attributes:
        framing: Crop to the ink, scale its longest side and centre its mass, as MNIST does.
        polarity: Invert images of dark ink on a lighter background, so that all ink is bright.
        standardize: Subtract the source's pixel mean and divide by its standard deviation.
        augmentation: `robust` distorts labelled images in training; `none` does not.
    """

    framing: bool = True
    polarity: bool = True
    standardize: bool = True
    augmentation: Literal["none", "robust"] = "robust"
