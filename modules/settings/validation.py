"""Settings of the validation of the target's data."""

from __future__ import annotations

from modules.settings.base import Fraction, PositiveInt, Settings


class ValidationSettings(Settings):
    """When the target's data stop a run, beyond what the schema says.

    Attributes:
        max_label_skew: Largest L-infinity distance between the source's and the target's label
            shares; null allows any.
        max_pixel_skew: Largest L-infinity distance between the shares of 32 levels of grey in
            source and target; null allows any.
        max_domain_auc: Largest area under the ROC curve of a classifier that separates source from
            target images of the same classes; null allows any.
        min_examples_per_class: Least number of examples of each class, in the target's train split
            and in its eval split.
    """

    max_label_skew: Fraction | None = None
    max_pixel_skew: Fraction | None = None
    max_domain_auc: Fraction | None = None
    min_examples_per_class: PositiveInt = 1
