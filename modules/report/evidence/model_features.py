"""Features of examples, from an exported model's own signature."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.core.errors import DataError

_SIGNATURE = "features"
_BATCH_SIZE = 256


def model_features(saved_model_dir: str, records: Sequence[bytes]) -> npt.NDArray[np.float32]:
    """Computes the input of the model's last layer for examples.

    Args:
        saved_model_dir: A SavedModel of `modules.models.serving`.
        records: N serialized tf.Examples, at least one.

    Returns:
        float32 [N, D].

    Raises:
        DataError: The SavedModel has no signature for features.
    """
    signature = _load(saved_model_dir).signatures[_SIGNATURE]
    return np.concatenate(
        [
            signature(examples=tf.constant(list(records[start : start + _BATCH_SIZE])))[
                _SIGNATURE
            ].numpy()
            for start in range(0, len(records), _BATCH_SIZE)
        ]
    )


# The page and the projector use the same two models, which take seconds to load.
@functools.lru_cache(maxsize=2)
def _load(saved_model_dir: str) -> Any:
    model = tf.saved_model.load(saved_model_dir)
    if _SIGNATURE not in model.signatures:
        raise DataError(
            saved_model_dir,
            expected=f"a signature '{_SIGNATURE}'",
            found=f"{sorted(model.signatures) or 'none'}",
            fix="Train all arms with this pipeline.",
        )
    return model
