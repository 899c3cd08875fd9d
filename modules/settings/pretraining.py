"""Settings of the pretraining."""

from __future__ import annotations

from pydantic import model_validator

from modules.settings.base import FractionBelowOne, PositiveFloat, PositiveInt
from modules.settings.imported import ImportSettings
from modules.settings.optimization import EarlyStoppingSettings, OptimizerSettings, Schedule


class PretrainingSettings(ImportSettings):
    """Budget and optimizer of the pretraining on the source domain; or a model instead of it.

    Attributes:
        steps: Training steps.
        batch_size: Source images a step.
        optimizer: What makes steps of gradients.
        learning_rate: The optimizer's learning rate: the first one, or the highest of `one_cycle`.
        schedule: `cosine` lowers the learning rate to zero over the steps; `constant` keeps it;
            `one_cycle` raises it from a tenth over a fifth of the steps, then lowers it to zero; or
            a schedule of `keras.optimizers.schedules`, as `{name: CosineDecay, alpha: 0.1}`.
        label_smoothing: Share of each label that is spread evenly over all classes. Predictions of
            a pretrained model that is less sure leave a transfer without labels more room.
        early_stopping: Ends the pretraining before its last step; null takes all steps.
        turned_classes: Each class turned by 90, 180 and 270 degrees counts as three more classes in
            training. Features then fit classes that the source does not have better, where a turned
            image is another class, as with characters. Takes four times the memory.
    """

    steps: PositiveInt = 800
    batch_size: PositiveInt = 100
    optimizer: OptimizerSettings = OptimizerSettings()
    learning_rate: PositiveFloat = 1e-3
    schedule: Schedule = "cosine"
    label_smoothing: FractionBelowOne = 0.0
    early_stopping: EarlyStoppingSettings | None = None
    turned_classes: bool = False

    @model_validator(mode="after")
    def _pretrains_or_imports(self) -> PretrainingSettings:
        of_imports = set(ImportSettings.model_fields) - {"from_"}
        changed = {
            name
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.get_default(call_default_factory=True)
        }
        if self.from_ is None and (unused := sorted(changed & of_imports)):
            raise ValueError(
                f"{', '.join(unused)} describe a model that is there already: name it in "
                "pretraining.from, or leave them out"
            )
        if self.from_ is not None and (unused := sorted(changed - of_imports - {"from_"})):
            raise ValueError(
                f"nothing is pretrained beside pretraining.from: leave out {', '.join(unused)}"
            )
        return self

    @property
    def imported(self) -> ImportSettings | None:
        """What is imported instead of a pretraining, if anything is."""
        if self.from_ is None:
            return None
        return ImportSettings(**{name: getattr(self, name) for name in ImportSettings.model_fields})
