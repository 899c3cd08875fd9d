"""Requirements of the gate that come from outside this project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modules.core.errors import ConfigError, WarmstartError, one_line
from modules.core.plugins.kinds import FunctionOf
from modules.core.registry import Registry
from modules.evaluation.requirements import Requirement
from modules.settings import GateSettings
from modules.settings.options import with_options

Labels = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class GateCase:
    """What the gate judges by, for a requirement of one's own.

    Attributes:
        labels: True classes of the target's N eval examples, int [N].
        predictions: Each arm's predicted classes, int [N], by the names in `modules.core.arms`.
        class_names: K names in label order.
        settings: The gate's settings, such as its confidence: that of this attempt on the examples.
        seed: Seed of whatever is drawn.
        groups: Name of each example's group, [N]; None where each example stands for itself.
    """

    labels: Labels
    predictions: Mapping[str, Labels]
    class_names: Sequence[str]
    settings: GateSettings
    seed: int
    groups: npt.NDArray[Any] | None = None

    def right(self, arm: str) -> npt.NDArray[np.bool_]:
        """Returns which examples an arm got right, bool [N]."""
        return np.asarray(self.predictions[arm] == self.labels)


OutsideRequirement = Callable[[GateCase], Requirement]

REQUIREMENTS: Registry[OutsideRequirement] = Registry(
    "gate.requirements",
    "requirement",
    {},
    group="warmstart.requirements",
    contract=FunctionOf(("case",)),
)


def outside_requirements(case: GateCase) -> list[Requirement]:
    """Judges by each requirement that `gate.requirements` names, in their order.

    Raises:
        ConfigError: A name or an option is refused.
        WarmstartError: A requirement fails, or returns something else than a `Requirement`.
    """
    outcomes = []
    for number, named in enumerate(case.settings.requirements):
        key = f"gate.requirements.{number}"
        judge = with_options(REQUIREMENTS, named.name, named.options, f"{key}.options")
        try:
            outcome = judge(case)
        except WarmstartError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{key}: '{named.name}' fails with {type(error).__name__}: {one_line(error)}. "
                "Correct it, or leave it out."
            ) from error
        if not isinstance(outcome, Requirement):
            raise ConfigError(
                f"{key}: '{named.name}' must return a modules.evaluation.requirements.Requirement, "
                f"found {outcome!r:.80}."
            )
        outcomes.append(outcome)
    return outcomes
