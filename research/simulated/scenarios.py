"""Truths to simulate the gate with: no effect, hidden harm, few examples, and real gains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modules.settings import GateSettings
from research.simulated.arms import Discordance, TrueArms

Kind = Literal["no true effect", "class falls", "no harm", "power"]

GAINS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08)
EVAL_SIZES = (100, 300, 900, 3000, 10_000)
FALLS = (0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
CLASS_SIZES = (10, 30, 90, 300)

_ACCURACY = 0.85
# Share of answers that a gaining transfer breaks: about that of the default scenario.
_BROKEN = 0.01
# Far enough above scratch for that requirement not to decide, except where it is under test.
_ABOVE_SCRATCH = Discordance(fixed=0.1, broken=0.01)


@dataclass(frozen=True)
class Scenario:
    """A truth, the gate that judges it, and the question it answers.

    Attributes:
        kind: The question.
        name: What is true.
        effect: The true effect under study, a gain or a fall, as a share.
        most_blessed: Largest share of blessings that the level allows.
        fewest_blessed: Smallest acceptable share, where not blessing is the error.
    """

    kind: Kind
    name: str
    truth: TrueArms
    gate: GateSettings = field(default_factory=GateSettings)
    effect: float = 0.0
    most_blessed: float | None = None
    fewest_blessed: float | None = None


def scenarios() -> list[Scenario]:
    """Returns every scenario, those that test a level first."""
    return [*no_true_effect(), *class_falls(), *no_harm(), *power()]


def no_true_effect() -> Iterator[Scenario]:
    """Yields truths that each miss one requirement exactly at its edge, its worst case."""
    for size in EVAL_SIZES:
        for differ in (0.01, 0.05, 0.2):
            alike = Discordance(differ / 2, differ / 2)
            yield _null(f"as good as pretrained, {100 * differ:g} % differ", _ten(size, alike))
    bootstrap = GateSettings(test="bootstrap")
    alike = Discordance(0.025, 0.025)
    yield _null("as good as pretrained, 5 % differ, bootstrap", _ten(900, alike), bootstrap)
    shift = np.tile([0.04, -0.04], 5)
    traded = Discordance(0.05 + shift / 2, 0.05 - shift / 2)
    yield _null("half the classes gain 4 points, half lose 4", _ten(900, traded))
    yield _null("5 points worse than pretrained", _ten(900, Discordance(0.01, 0.06)))
    for margin in (0.0, 0.02):
        for differ in (0.0, 0.05):
            edge = Discordance(differ, differ + margin)
            yield _null(
                f"{100 * margin:g} points below scratch and as many allowed, "
                f"{100 * (2 * differ + margin):g} % differ",
                _ten(900, pretrained=_ABOVE_SCRATCH, scratch=edge),
                GateSettings(scratch_margin=margin),
            )


def class_falls() -> Iterator[Scenario]:
    """Yields truths with a gain in nine of ten classes and a fall of over 5 points in one."""
    for size in CLASS_SIZES:
        for fall in FALLS:
            fixed, broken = np.full(10, 0.1), np.full(10, _BROKEN)
            fixed[0], broken[0] = 0.0, fall
            accuracy = np.full(10, _ACCURACY)
            accuracy[0] = 0.9 - fall
            truth = TrueArms(10, size, accuracy, Discordance(fixed, broken), _ABOVE_SCRATCH)
            name = f"one of ten classes falls, {size} examples a class"
            yield Scenario("class falls", name, truth, effect=-fall)


def no_harm() -> Iterator[Scenario]:
    """Yields truths in which nothing falls and not blessing is the error."""
    few = TrueArms(100, 10, _ACCURACY, Discordance(0.15, 0.03), _ABOVE_SCRATCH)
    usual = TrueArms(10, 90, _ACCURACY, Discordance(0.15, 0.03), _ABOVE_SCRATCH)
    for truth in (few, usual):
        name = f"{truth.num_classes} classes of {truth.examples_per_class} examples, all gain"
        yield Scenario("no harm", name, truth, effect=truth.gain, fewest_blessed=0.95)


def power() -> Iterator[Scenario]:
    """Yields true gains over the pretrained model, by number of eval examples."""
    for size in EVAL_SIZES:
        for gain in GAINS:
            truth = _ten(size, Discordance(_BROKEN + gain, _BROKEN))
            yield Scenario("power", "true gain in every class", truth, effect=gain)


def _null(name: str, truth: TrueArms, settings: GateSettings | None = None) -> Scenario:
    return Scenario(
        "no true effect",
        name,
        truth,
        settings or GateSettings(),
        effect=truth.gain,
        most_blessed=0.05,
    )


def _ten(examples: int, pretrained: Discordance, scratch: Discordance = _ABOVE_SCRATCH) -> TrueArms:
    return TrueArms(10, examples // 10, _ACCURACY, pretrained, scratch)
