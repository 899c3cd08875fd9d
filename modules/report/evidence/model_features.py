"""Features of examples, from an exported model's own signature."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.models.signature import FEATURES_SIGNATURE, Signature
from modules.networks.network import FEATURES

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
    signature = _load(saved_model_dir)
    starts = range(0, len(records), _BATCH_SIZE)
    batches = (tf.constant(list(records[start : start + _BATCH_SIZE])) for start in starts)
    return np.concatenate([signature(batch)[FEATURES].numpy() for batch in batches])


# The page and the projector ask the same two models, which take seconds to load.
@functools.lru_cache(maxsize=2)
def _load(saved_model_dir: str) -> Signature:
    fix = "All arms must be trained by this pipeline."
    return Signature(saved_model_dir, FEATURES_SIGNATURE, (FEATURES,), fix)
