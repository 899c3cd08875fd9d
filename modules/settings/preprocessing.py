"""Settings of what happens to an image before the network sees it."""

from __future__ import annotations

from pydantic import Field

from modules.settings.base import OptionValues, Settings


class PreprocessingSettings(Settings):
    """What happens to an image before the network sees it.

    Attributes:
        framing: Crop to the ink, scale its longest side and centre its mass, as MNIST does.
        polarity: Invert images of dark ink on a lighter background, so that all ink is bright.
        standardize: Subtract the source's pixel mean and divide by its standard deviation.
        augmentation: How labelled images are distorted in training: `robust` suits ink on a
            background, `photo` flips, crops and changes colours, `none` does nothing; or a
            plug-in's `package.module:object`.
        augmentation_options: Options of an augmentation that is a plug-in, by name.
    """

    framing: bool = True
    polarity: bool = True
    standardize: bool = True
    augmentation: str = "robust"
    augmentation_options: OptionValues = Field(default_factory=dict)
