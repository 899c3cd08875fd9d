"""Predictions of three arms with known true accuracies, and the gate's verdicts on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modules.core.arms import PRETRAINED, SCRATCH, WARM_START
from modules.evaluation.gate import judge
from modules.evaluation.paired_counts import paired_counts_by_class
from modules.evaluation.requirements import no_class_falls
from modules.settings import GateSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Discordance:
    """The true share of a class's examples on which two models differ.

    Attributes:
        fixed: Chance that only the warm start is right; one value, or f64 [K], one a class.
        broken: Chance that only the other arm is right, in the same form.
    """

    fixed: float | Floats
    broken: float | Floats


@dataclass(frozen=True)
class TrueArms:
    """The truth that simulated evaluations are drawn from.

    Attributes:
        num_classes: K.
        examples_per_class: Eval examples of each class, as in a stratified split.
        accuracy: True accuracy of the warm start; one value, or f64 [K], one a class.
        pretrained: How the warm start differs from the pretrained model.
        scratch: How the warm start differs from the scratch control.
    """

    num_classes: int
    examples_per_class: int
    accuracy: float | Floats
    pretrained: Discordance
    scratch: Discordance

    @property
    def examples(self) -> int:
        """Target eval examples of one evaluation."""
        return self.num_classes * self.examples_per_class

    @property
    def gain(self) -> float:
        """True accuracy of the warm start minus that of the pretrained model."""
        return float(np.mean(np.subtract(self.pretrained.fixed, self.pretrained.broken)))

    def draw(self, rng: np.random.Generator) -> tuple[Ints, dict[str, Ints]]:
        """Draws labels, int64 [N], and each arm's predictions, int64 [N], by name."""
        labels = np.repeat(np.arange(self.num_classes), self.examples_per_class)
        warm_start = rng.random(len(labels)) < self._each(self.accuracy, labels)
        right = {
            WARM_START: warm_start,
            PRETRAINED: self._other(self.pretrained, labels, warm_start, rng),
            SCRATCH: self._other(self.scratch, labels, warm_start, rng),
        }
        wrong_answers = (labels + 1) % self.num_classes
        return labels, {arm: np.where(right[arm], labels, wrong_answers) for arm in right}

    def _other(
        self,
        discordance: Discordance,
        labels: Ints,
        warm_start: npt.NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> npt.NDArray[np.bool_]:
        accuracy = self._each(self.accuracy, labels)
        right_where_right = 1.0 - self._each(discordance.fixed, labels) / accuracy
        right_where_wrong = self._each(discordance.broken, labels) / (1.0 - accuracy)
        chance = np.where(warm_start, right_where_right, right_where_wrong)
        if chance.min() < 0.0 or chance.max() > 1.0:
            raise ValueError(
                f"No arm differs so much from one of accuracy {self.accuracy}: {discordance}."
            )
        return rng.random(len(labels)) < chance

    def _each(self, value: float | Floats, labels: Ints) -> Floats:
        return np.broadcast_to(np.asarray(value, np.float64), self.num_classes)[labels]


@dataclass(frozen=True)
class SimulatedVerdicts:
    """Counts over simulated evaluations.

    Attributes:
        runs: Number of evaluations.
        blessed: Those in which the warm start was blessed.
        class_alarms: Those in which the gate found that a class falls.
        raw_class_falls: Those in which a class fell by more than allowed, by chance or not. A rule
            without a test would refuse them.
    """

    runs: int
    blessed: int
    class_alarms: int
    raw_class_falls: int


def simulate(truth: TrueArms, gate: GateSettings, runs: int, seed: int = 0) -> SimulatedVerdicts:
    """Lets the gate judge repeated evaluations drawn from the same truth."""
    rng = np.random.default_rng(seed)
    names = [f"class {label}" for label in range(truth.num_classes)]
    blessed = alarms = raw = 0
    for run in range(runs):
        labels, predictions = truth.draw(rng)
        blessed += judge(labels, predictions, names, gate, seed=run).blessed
        by_class = paired_counts_by_class(
            labels,
            predictions[WARM_START] == labels,
            predictions[PRETRAINED] == labels,
            truth.num_classes,
        )
        alarms += not no_class_falls(by_class, names, gate).met
        raw += any(-counts.difference > gate.max_class_drop for counts in by_class)
    return SimulatedVerdicts(runs, blessed, alarms, raw)
