"""The registry of optimizers: today's Adam, and all of Keras's by name."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import keras

from modules.core.errors import ConfigError, one_line
from modules.core.nearest_name import nearest_name_hint
from modules.core.registry import Registry
from modules.settings import OptimizerSettings, Schedule
from modules.settings.optimization import ADAM
from modules.training.optimizers.fused_adam import FusedAdam
from modules.training.optimizers.layer_rates import with_layer_rates
from modules.training.optimizers.reduction import ReducesOnlyReplicas
from modules.training.optimizers.schedules import SCHEDULES, build_schedule

__all__ = ["OPTIMIZERS", "SCHEDULES", "FusedAdam", "build_optimizer"]

# Set by other keys, or without effect in this project's training loop.
_OTHER_ARGUMENTS = frozenset(
    {
        "ema_momentum",
        "ema_overwrite_frequency",
        "gradient_accumulation_steps",
        "kwargs",
        "learning_rate",
        "loss_scale_factor",
        "name",
        "use_ema",
    }
)
# The base class, and two that take Keras's variables only, which a saved graph lacks.
_UNFIT = frozenset({"Adafactor", "Muon", "Optimizer"})


def _keras_optimizers() -> dict[str, type[keras.optimizers.Optimizer]]:
    return {
        name: type(name, (ReducesOnlyReplicas, kind), {"__doc__": kind.__doc__})
        for name, kind in vars(keras.optimizers).items()
        if inspect.isclass(kind)
        and issubclass(kind, keras.optimizers.Optimizer)
        and name not in _UNFIT
        # Those without are made of other optimizers.
        and "learning_rate" in inspect.signature(kind).parameters
    }


OPTIMIZERS: Registry[type[keras.optimizers.Optimizer]] = Registry(
    "optimizer", "optimizer", {ADAM: FusedAdam, **_keras_optimizers()}
)
_DEFAULT = OptimizerSettings()


def build_optimizer(
    learning_rate: float,
    schedule: Schedule,
    steps: int,
    settings: OptimizerSettings = _DEFAULT,
    layer_rates: Sequence[float] = (),
) -> keras.optimizers.Optimizer:
    """Makes an optimizer, not yet built.

    Args:
        learning_rate: Learning rate of the first step.
        schedule: How it changes from there, see `build_schedule`.
        steps: Length of the training.
        settings: Which optimizer, with which arguments.
        layer_rates: Factors of the learning rate of the first variables that the optimizer is going
            to be built for.

    Raises:
        ConfigError: There is no such optimizer or schedule, or it does not take these arguments.

    Example:
        >>> settings = OptimizerSettings(name="AdamW", weight_decay=0.01)
        >>> float(build_optimizer(0.1, "constant", 100, settings).weight_decay)
        0.01
    """
    kind = OPTIMIZERS.find(settings.name)
    parameters = inspect.signature(kind).parameters
    known = [name for name in parameters if name not in _OTHER_ARGUMENTS]
    for name in settings.arguments:
        if name not in known:
            raise ConfigError(
                f"optimizer: {settings.name} has no argument '{name}' here"
                f"{nearest_name_hint(name, known)}"
            )
    if layer_rates:
        kind = with_layer_rates(kind, layer_rates)
    rate = build_schedule(schedule, learning_rate, steps)
    try:
        return kind(rate, **settings.arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer: {settings.name}: {one_line(error)}") from error
