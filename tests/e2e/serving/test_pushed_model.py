"""The pushed model answers the same through every loader that serves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.e2e.conftest import FinishedRun, read_idx
from tests.e2e.serving.served_formats import assert_equal_answers_in_three_formats, serialize_images

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pushed(quick_run: FinishedRun) -> str:
    return quick_run.result["pushed_to"]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return read_idx(Path("data/optdigits/t10k-images-idx3-ubyte.gz"))[:32]


@pytest.fixture(scope="module")
def serialized(images: np.ndarray) -> list[bytes]:
    return serialize_images([tf.io.encode_png(image[..., np.newaxis]).numpy() for image in images])


def test_tf2_tfma_and_a_v1_session_give_equal_predictions(
    pushed: str, serialized: list[bytes], tmp_path: Path
) -> None:
    served = assert_equal_answers_in_three_formats(pushed, serialized, tmp_path)
    assert served["probabilities"].shape == (32, 10)
    labels = read_idx(Path("data/optdigits/t10k-labels-idx1-ubyte.gz"))[:32]
    assert np.mean(served["label"] == labels) > 0.8


def test_raw_image_tensors_are_answered_like_serialized_examples(
    pushed: str, images: np.ndarray, serialized: list[bytes]
) -> None:
    signatures = tf.saved_model.load(pushed).signatures
    from_examples = signatures["serving_default"](examples=tf.constant(serialized))
    from_images = signatures["predict_images"](images=tf.constant(images[..., np.newaxis]))
    np.testing.assert_allclose(
        from_images["probabilities"], from_examples["probabilities"], atol=1e-5
    )


def test_features_are_served_too(pushed: str, serialized: list[bytes]) -> None:
    features = tf.saved_model.load(pushed).signatures["features"](examples=tf.constant(serialized))
    assert features["features"].shape == (32, 1024)
