"""Settings of what happens to an image before the network sees it."""

from __future__ import annotations

from pydantic import Field, model_validator

from modules.settings.base import OptionValues, Settings


class PreprocessingSettings(Settings):
    """What happens to an image before the network sees it.

    Attributes:
        framing: Crop to the ink, scale its longest side and centre its mass, as MNIST does.
        deslanting: Shear framed ink upright. For characters whose slant tells writers apart, not
            classes, such as digits; needs `framing`.
        polarity: Invert images of dark ink on a lighter background, so that all ink is bright.
        standardize: Subtract the source's pixel mean and divide by its standard deviation.
        augmentation: How labelled images are distorted in training: `robust` suits ink on a
            background, `photo` flips, crops and changes colours, `none` does nothing; or a
            plug-in's `package.module:object`.
        augmentation_options: Options of an augmentation that is a plug-in, by name.
    """

    framing: bool = True
    deslanting: bool = False
    polarity: bool = True
    standardize: bool = True
    augmentation: str = "robust"
    augmentation_options: OptionValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _deslants_framed_ink(self) -> PreprocessingSettings:
        if self.deslanting and not self.framing:
            raise ValueError(
                "deslanting shears the ink that framing finds, and framing is false. Set framing: "
                "true, or deslanting: false"
            )
        return self
