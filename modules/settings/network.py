"""Settings of the network and its input."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modules.settings.base import OptionValues, PositiveInt, Settings

KERAS_APPLICATION = "keras_application"
NO_WEIGHTS = "none"
IMAGENET = "imagenet"


class NetworkSettings(Settings):
    """Which network is trained, and on which input. A bare name stands for `name`.

    Attributes:
        name: `lenet`, `resnet`, `keras_application`, another network registered in
            `modules.networks.registry`, or a plug-in's `package.module:object`.
        model: Of `keras_application`: the name of a network in `keras.applications`, such as
            `MobileNetV3Small`.
        weights: Of `keras_application`: what the pretraining starts from. `none` is random weights,
            `imagenet` the published ones, which Keras downloads; or a file of weights.
        image_size: Height and width of the network's input, in pixels.
        channels: 1 (grey) or 3 (colour).
        dropout: Fraction of features dropped in training.
        options: Options of a plug-in, by name.
    """

    name: str = "lenet"
    model: str | None = None
    weights: str = NO_WEIGHTS
    image_size: PositiveInt = 28
    channels: Literal[1, 3] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    options: OptionValues = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_what_the_name_needs(self) -> NetworkSettings:
        if self.name == KERAS_APPLICATION:
            if not self.model:
                raise ValueError(
                    f"{KERAS_APPLICATION} needs a model, such as model: MobileNetV3Small"
                )
        elif self.model or self.weights != NO_WEIGHTS:
            raise ValueError(
                f"model and weights belong to name: {KERAS_APPLICATION}; found name: {self.name}"
            )
        return self

    @property
    def takes_plain_pixels(self) -> bool:
        """Whether the network itself scales pixels, and so wants them from 0 to 1."""
        return self.name == KERAS_APPLICATION

    @property
    def weights_file(self) -> str | None:
        """The file that `weights` names, if it names one."""
        return None if self.weights in (NO_WEIGHTS, IMAGENET) else self.weights

    def without_weights(self) -> NetworkSettings:
        """Returns the settings of the same network with random weights."""
        return self.model_copy(update={"weights": NO_WEIGHTS})


class ImportedNetworkSettings(NetworkSettings):
    """A network whose layers were imported from a model's file.

    Attributes:
        architecture: The layers up to the features, as Keras serializes them, in JSON.
    """

    architecture: str


class SavedGraphSettings(NetworkSettings):
    """A network that is only there as a graph: nothing can build it anew.

    Attributes:
        graph: Where it came from, for messages.
    """

    graph: str


# Tells them apart by their keys.
AnyNetworkSettings = ImportedNetworkSettings | SavedGraphSettings | NetworkSettings
