"""Settings of the validation of the data."""

from __future__ import annotations

from typing import Literal

from modules.settings.base import Fraction, PositiveInt, Settings


class ValidationSettings(Settings):
    """When the data stop a run, beyond what the schema says.

    Attributes:
        max_label_skew: Largest L-infinity distance between the source's and the target's label
            shares; null allows any.
        max_pixel_skew: Largest L-infinity distance between the shares of 32 levels of grey in
            source and target; null allows any.
        max_domain_auc: Largest area under the ROC curve of a classifier that separates source from
            target images of the same classes; null allows any.
        min_examples_per_class: Least number of examples of each class, in the target's train split
            and in its eval split.
        bad_images: `stop` refuses a domain with files that cannot be read as images, and names them
            all; `skip` leaves them out, and names them in the report.
        max_bad_images: Largest share of a domain's images that `skip` leaves out.
        duplicates: What happens to images that are in the train and in the eval split, or in two
            classes: `stop` refuses the domain and names them, `drop` leaves the copies in the train
            split out, `warn` goes on. Between the domains, target eval images that the source
            trains on stop the run unless this is `warn`.
        permuted_labels: What happens if the pretrained model takes the labelled target images of
            some classes for each other's, as after a shift of all labels by one: `stop` ends the
            run before the transfer, `warn` goes on.
    """

    max_label_skew: Fraction | None = None
    max_pixel_skew: Fraction | None = None
    max_domain_auc: Fraction | None = None
    min_examples_per_class: PositiveInt = 1
    bad_images: Literal["stop", "skip"] = "stop"
    max_bad_images: Fraction = 0.01
    duplicates: Literal["stop", "drop", "warn"] = "stop"
    permuted_labels: Literal["stop", "warn"] = "stop"
