"""Settings of the transfer gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

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
    """What a model must show before it is blessed and replaces the one that is served.

    Attributes:
        confidence: Confidence level of every interval and test.
        test: `mcnemar` is the exact McNemar test; `bootstrap` is a paired bootstrap of the
            difference in accuracy.
        max_class_drop: Largest drop of any class's accuracy, beyond chance.
        scratch_margin: How far the warm start's accuracy may lie below the scratch control's.
        min_eval_examples: With fewer target eval examples the evidence is too thin to bless.
        min_eval_groups: The same for groups of examples, where `target.group` gives them.
        served: What must be proven against the model that is served now: that the new one is
            `not_worse` by more than `served_margin`, that it is `better`, or nothing (`ignore`).
        served_margin: How far the new model's accuracy may lie below the served one's.
        min_accuracy: Accuracy that the model must be proven to reach on the target. By default
            there is no such floor.
        min_gain: Gain over the pretrained model that must be proven. By default any gain counts.
        push: `warm_start` pushes a blessed warm start or nothing. `best` pushes the better one of
            the other two arms in place of a warm start that is not blessed, if that arm is proven
            to reach `min_accuracy` and holds its own against the served model.
        requirements: Requirements of your own that must be met, too.
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    test: Literal["mcnemar", "bootstrap"] = "mcnemar"
    max_class_drop: Fraction = 0.05
    scratch_margin: Fraction = 0.02
    min_eval_examples: PositiveInt = 100
    min_eval_groups: PositiveInt = 10
    served: Literal["not_worse", "better", "ignore"] = "not_worse"
    served_margin: Fraction = 0.01
    min_accuracy: Fraction = 0.0
    min_gain: Fraction = 0.0
    push: Literal["warm_start", "best"] = "warm_start"
    requirements: tuple[RequirementSettings, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _best_needs_a_floor(self) -> GateSettings:
        if self.push == "best" and not self.min_accuracy:
            raise ValueError(
                "push: best may push an arm that nothing proves to be better than another. Say "
                "with min_accuracy, such as 0.9, what accuracy is good enough"
            )
        return self
