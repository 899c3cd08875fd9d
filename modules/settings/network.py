"""Settings of the network and its input."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modules.settings.base import OptionValues, PositiveInt, Settings


class NetworkSettings(Settings):
    """Which network is trained, and on which input. A bare name stands for `name`.

    Attributes:
        name: A network registered in `modules.networks.registry`, or a plug-in's
            `package.module:object`.
        image_size: Height and width of the network's input, in pixels.
        channels: 1 (grey) or 3 (colour).
        dropout: Fraction of features dropped in training.
        options: Options of a plug-in, by name.
    """

    name: str = "lenet"
    image_size: PositiveInt = 28
    channels: Literal[1, 3] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    options: OptionValues = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


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
