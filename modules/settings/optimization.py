"""Settings of optimizers, learning rate schedules and early stopping, after Keras's own."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from modules.settings.base import PositiveFloat, PositiveInt, Settings

ADAM = "adam"


class _WithArguments(Settings):
    """A name, and arguments of what it names.

    Attributes:
        name: A class of Keras.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name."""
        return dict(self.__pydantic_extra__)


class OptimizerSettings(_WithArguments):
    """The optimizer, and arguments of it. A bare name stands for `name`.

    Any other key is an argument of the class, such as `weight_decay: 1e-4`.

    Attributes:
        name: `adam`, whose update is fused into one pass; or a class of `keras.optimizers`, such as
            `AdamW` or `SGD`.
    """

    name: str = ADAM

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class KerasSchedule(_WithArguments):
    """A learning rate schedule of `keras.optimizers.schedules`.

    It begins at the learning rate and, unless its arguments say otherwise, takes as many steps as
    the training has. Any other key is an argument of the class, such as `alpha: 0.1`.

    Attributes:
        name: A class of `keras.optimizers.schedules`, such as `CosineDecay` or `ExponentialDecay`.
    """

    name: str


Schedule = Literal["constant", "cosine", "one_cycle"] | KerasSchedule


class EarlyStoppingSettings(Settings):
    """When a training ends before its last step: its training loss has ceased to fall.

    The loss is averaged over windows of steps. No image is held out, and none of an eval split is
    looked at. The learning rate falls as if all steps were taken.

    Attributes:
        min_delta: The least decrease of a window's mean loss below the lowest one so far that
            counts as an improvement.
        window: Steps that the loss is averaged over.
        patience: Windows in a row without an improvement that end the training.
    """

    min_delta: PositiveFloat = 0.001
    window: PositiveInt = 20
    patience: PositiveInt = 5
