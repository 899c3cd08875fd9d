"""The augmentations of training images, by name."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.core.plugins.kinds import FunctionOf
from modules.core.registry import Registry
from modules.images.augmentation import augment_images
from modules.images.photo_augmentation import augment_photos
from modules.settings import PreprocessingSettings
from modules.settings.options import with_options

# Images f32 [B, S, S, C] and a stateless seed, int32 [2], to images of the same shape.
Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

AUGMENTATIONS: Registry[Augmentation | None] = Registry(
    "preprocessing.augmentation",
    "augmentation",
    {"none": None, "photo": augment_photos, "robust": augment_images},
    group="warmstart.augmentations",
    contract=FunctionOf(("images", "seed")),
)


def find_augmentation(settings: PreprocessingSettings) -> Augmentation | None:
    """Returns the augmentation that the settings name, with its options; None for `none`.

    Raises:
        ConfigError: No augmentation has that name, or it does not take such options.
    """
    return with_options(
        AUGMENTATIONS,
        settings.augmentation,
        settings.augmentation_options,
        "preprocessing.augmentation_options",
    )
