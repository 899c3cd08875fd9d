"""Answers of three arms to examples that come in groups, with known true accuracies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.evaluation.gate import judge
from modules.settings import GateSettings

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CLASSES = 10
_ACCURACY = 0.85
# How much the other comparison, which is not under test, is below the warm start.
_FAR_BELOW = 0.1


@dataclass(frozen=True)
class GroupedArms:
    """The truth that simulated evaluations of grouped examples are drawn from.

    Where two models differ on a group's examples, one of them is right on all of these: a font is
    learned or it is not. How often they differ varies between the groups.

    Attributes:
        groups: G.
        size: Mean number of examples in a group.
        fixed: True share of examples that only the warm start gets right.
        broken: True share of examples that only the other arm gets right.
        correlation: Of `differ` within a group, in (0, 1): the share of its variance that lies
            between groups. 0 makes all examples independent.
        unequal: Draw the groups' sizes evenly from all that add up, so that few groups hold much.
        against: The arm that differs so; the third arm is far below.
    """

    groups: int
    size: int
    fixed: float
    broken: float
    correlation: float
    unequal: bool = False
    against: str = PRETRAINED

    def draw(self, rng: np.random.Generator) -> tuple[Ints, dict[str, Ints], Ints]:
        """Draws labels, int64 [N], each arm's predictions by name, and groups, int64 [N]."""
        sizes = np.full(self.groups, self.size)
        if self.unequal:
            shares = rng.dirichlet(np.ones(self.groups))
            sizes = 1 + rng.multinomial((self.size - 1) * self.groups, shares)
        groups = np.repeat(np.arange(self.groups), sizes)
        labels = rng.integers(_CLASSES, size=len(groups))
        fixed, broken = self._differing(groups, rng)
        warm_start = np.where(fixed | broken, fixed, rng.random(len(groups)) < _ACCURACY)
        right = {
            WARM_START: warm_start,
            PRETRAINED: warm_start & (rng.random(len(groups)) >= _FAR_BELOW),
            SCRATCH: warm_start & (rng.random(len(groups)) >= _FAR_BELOW),
            self.against: (warm_start & ~fixed) | broken,
        }
        wrong = (labels + 1) % _CLASSES
        return labels, {arm: np.where(right[arm], labels, wrong) for arm in right}, groups

    def _differing(self, groups: Ints, rng: np.random.Generator) -> tuple[Bools, Bools]:
        differ = self.fixed + self.broken
        if not self.correlation:
            side = rng.random(len(groups)) < self.fixed / differ
            differs = rng.random(len(groups)) < differ
        else:
            concentration = (1.0 - self.correlation) / self.correlation
            rates = rng.beta(
                differ * concentration, (1.0 - differ) * concentration, size=self.groups
            )
            side = (rng.random(self.groups) < self.fixed / differ)[groups]
            differs = rng.random(len(groups)) < rates[groups]
        return differs & side, differs & ~side


@dataclass(frozen=True)
class GroupedVerdicts:
    """Counts over simulated evaluations.

    Attributes:
        runs: Number of evaluations.
        by_group: Those that are blessed where the gate knows the groups.
        by_example: Those that are blessed where it does not.
    """

    runs: int
    by_group: int
    by_example: int


def simulate_groups(
    truth: GroupedArms, gate: GateSettings, runs: int, seed: int = 0
) -> GroupedVerdicts:
    """Lets the gate judge evaluations drawn from the same truth, with and without the groups."""
    rng = np.random.default_rng(seed)
    names = [f"class {label}" for label in range(_CLASSES)]
    by_group = by_example = 0
    for run in range(runs):
        labels, predictions, groups = truth.draw(rng)
        by_group += judge(labels, predictions, names, gate, run, groups=groups).blessed
        by_example += judge(labels, predictions, names, gate, run).blessed
    return GroupedVerdicts(runs, by_group, by_example)
