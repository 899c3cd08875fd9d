"""Settings of the pretraining."""

from __future__ import annotations

from modules.settings.base import PositiveFloat, PositiveInt, Schedule, Settings


class PretrainingSettings(Settings):
    """Budget and optimizer of the pretraining on the source domain.

    Attributes:
        steps: Training steps.
        batch_size: Source images a step.
        learning_rate: Adam's learning rate.
        schedule: `cosine` lowers the learning rate to zero over the steps; `constant` keeps it.
        turned_classes: Each class turned by 90, 180 and 270 degrees counts as three more classes in
            training. Features then fit classes that the source does not have better, where a turned
            image is another class, as with characters. Takes four times the memory.
    """

    steps: PositiveInt = 800
    batch_size: PositiveInt = 100
    learning_rate: PositiveFloat = 1e-3
    schedule: Schedule = "cosine"
    turned_classes: bool = False
