"""Learning rate schedules by name: constant, cosine, one_cycle, or any of Keras's that fit."""

from __future__ import annotations

import inspect

import keras
from keras.optimizers.schedules import LearningRateSchedule

from modules.core.errors import ConfigError, one_line
from modules.core.nearest_name import nearest_name_hint
from modules.core.registry import Registry
from modules.settings import Schedule
from modules.training.optimizers.one_cycle import OneCycle

_FIRST_RATE = "initial_learning_rate"
_LENGTHS = ("decay_steps", "first_decay_steps")

SCHEDULES: Registry[type[LearningRateSchedule]] = Registry(
    "schedule",
    "schedule",
    {
        name: value
        for name, value in vars(keras.optimizers.schedules).items()
        if inspect.isclass(value) and _FIRST_RATE in inspect.signature(value).parameters
    },
)


def build_schedule(
    schedule: Schedule, learning_rate: float, steps: int
) -> float | LearningRateSchedule:
    """Makes the learning rate of each step.

    Args:
        schedule: `constant`; `cosine`, down to 0 at the last step; `one_cycle`, see `OneCycle`; or
            one of Keras's.
        learning_rate: Of the first step; the highest one of `one_cycle`.
        steps: Length of the training, and of the schedule unless its arguments say otherwise.

    Raises:
        ConfigError: Keras has no such schedule that begins at a learning rate, or it does not take
            these arguments.
    """
    if schedule == "constant":
        return learning_rate
    if schedule == "one_cycle":
        return OneCycle(learning_rate, steps)
    if isinstance(schedule, str):
        return keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=steps)
    kind = SCHEDULES.find(schedule.name)
    known = [
        name for name in inspect.signature(kind).parameters if name not in (_FIRST_RATE, "name")
    ]
    for name in schedule.arguments:
        if name not in known:
            raise ConfigError(
                f"schedule: {schedule.name} has no argument '{name}' here"
                f"{nearest_name_hint(name, known)}"
            )
    length = {name: steps for name in _LENGTHS if name in known}
    try:
        built = kind(**{_FIRST_RATE: learning_rate, **length, **schedule.arguments})
        float(built(0))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"schedule: {schedule.name}: {one_line(error)}") from error
    return built
