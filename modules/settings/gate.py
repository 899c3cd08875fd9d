"""Settings of the transfer gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modules.settings.base import Fraction, OptionValues, PositiveInt, Settings


class RequirementSettings(Settings):
    """A requirement of your own, beside those of the gate.

    Attributes:
        name: `package.module:object` of a plug-in, or the name of its entry point.
        options: Options of the plug-in, by name.
    """

    name: str
    options: OptionValues = Field(default_factory=dict)


class GateSettings(Settings):
    """What a warm-started model must show before it is blessed.

    Attributes:
        confidence: Confidence level of every interval and test.
        test: `mcnemar` is the exact McNemar test; `bootstrap` is a paired bootstrap of the
            difference in accuracy.
        max_class_drop: Largest drop of any class's accuracy, beyond chance.
        scratch_margin: How far the warm start's accuracy may lie below the scratch control's.
        min_eval_examples: With fewer target eval examples the evidence is too thin to bless.
        requirements: Requirements of your own that must be met, too.
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    test: Literal["mcnemar", "bootstrap"] = "mcnemar"
    max_class_drop: Fraction = 0.05
    scratch_margin: Fraction = 0.02
    min_eval_examples: PositiveInt = 100
    requirements: tuple[RequirementSettings, ...] = Field(default=(), strict=False)
