"""Settings of a model that is there already."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from modules.settings.base import PositiveFloat, Settings

Pixels = Literal["unit", "byte", "symmetric", "standardized"]


class ImportSettings(Settings):
    """Which model is started from, and what its file does not say.

    Attributes:
        from_: Start from this model instead of pretraining one: a .keras file, a SavedModel, a
            TensorFlow checkpoint, or what an earlier run left (a Model artifact, a pushed version,
            its output folder).
        features: Layer of the model whose output is the features; by default what its logits are
            computed from.
        classes: The model's class names in the order of its logits. By default those that it
            carries, those of `classes.json` or `classes.txt` beside it, or the source's.
        pixels: What the model wants pixels to be: `unit`, 0 to 1; `byte`, 0 to 255; `symmetric`,
            -1 to 1; `standardized`, less `pixel_mean`, by `pixel_deviation`. An earlier run's model
            brings its own preprocessing; for others it is needed.
        pixel_mean: Mean of the pixels, from 0 to 1, that the model was trained on, as a list of one
            number or of one for each channel. By default mean and deviation are measured on the
            source's train split; without a source, on the target's.
        pixel_deviation: Their standard deviation, beside `pixel_mean`.
        variables: The checkpoint's variables by the network's, such as `conv1/kernel`, where their
            names differ.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    from_: str | None = Field(default=None, alias="from", pattern=r"^[^\x00]+$")
    features: str | None = None
    classes: tuple[str, ...] | None = Field(default=None, strict=False)
    pixels: Pixels | None = None
    pixel_mean: tuple[float, ...] | None = Field(default=None, strict=False)
    pixel_deviation: tuple[PositiveFloat, ...] | None = Field(default=None, strict=False)
    variables: dict[str, str] = Field(default_factory=dict)

    @field_validator("classes", mode="before")
    @classmethod
    def _read_numbers_as_names(cls, value: Any) -> Any:
        # YAML takes the class name 9 for a number.
        if not isinstance(value, (list, tuple)):
            return value
        return [
            str(name) if isinstance(name, int) and not isinstance(name, bool) else name
            for name in value
        ]

    @model_validator(mode="after")
    def _gives_both_moments_or_none(self) -> ImportSettings:
        mean, deviation = self.pixel_mean, self.pixel_deviation
        if (mean is None) != (deviation is None):
            raise ValueError("give pixel_mean and pixel_deviation, or neither")
        if mean is not None and self.pixels != "standardized":
            raise ValueError("pixel_mean and pixel_deviation belong to pixels: standardized")
        return self


class PixelScale(Settings):
    """What the network wants pixels to be.

    Attributes:
        pixels: See `ImportSettings`; `unit` leaves pixels from 0 to 1 as they are.
        mean: Subtracted; None measures it. One number, or one for each channel.
        deviation: Divided by; None measures it.
    """

    pixels: Pixels
    mean: tuple[float, ...] | None = Field(default=None, strict=False)
    deviation: tuple[float, ...] | None = Field(default=None, strict=False)

    @classmethod
    def of(cls, settings: ImportSettings) -> PixelScale | None:
        """Takes what the settings say; None where the model brings its own preprocessing."""
        if settings.pixels is None:
            return None
        fixed = {"unit": (0.0, 1.0), "byte": (0.0, 1 / 255), "symmetric": (0.5, 0.5)}
        if settings.pixels in fixed:
            mean, deviation = fixed[settings.pixels]
            return cls(pixels=settings.pixels, mean=(mean,), deviation=(deviation,))
        return cls(
            pixels=settings.pixels, mean=settings.pixel_mean, deviation=settings.pixel_deviation
        )
