"""A pushed model's predictions for image files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import IMAGE
from modules.models.signature import (
    CLASS_NAME,
    CLASSIFIER_OUTPUTS,
    PROBABILITIES,
    SERVING_DEFAULT,
    Signature,
)
from modules.sources.encoded import read_encoded_image
from modules.sources.image_files import read_image

FIX = "Pass a model that a run of this pipeline has pushed."
_BATCH_IMAGES = 256
# Bounds the memory for decoding a batch of large photos.
_BATCH_PIXELS = 16_000_000


@dataclass(frozen=True)
class Prediction:
    """The likeliest class of one image.

    Args:
        image: The file.
        class_name: Name of the class.
        probability: The model's probability of the class, from 0 to 1.
    """

    image: str
    class_name: str
    probability: float


@dataclass(frozen=True)
class Predictions:
    """Predictions for the images that could be read, and why the others could not.

    Args:
        answers: One prediction for each readable file, in order.
        refused: One message for each other file.
    """

    answers: list[Prediction]
    refused: list[str]


@dataclass(frozen=True)
class _Image:
    path: str
    content: bytes
    pixels: int


def predict_files(model: str, files: Sequence[str]) -> Predictions:
    """Classifies image files with a SavedModel's own graph, preprocessing included.

    The files enter `serving_default` as the pipeline stores them, whatever their sizes,
    transparency, depth or orientation, as in the pipeline's evaluation. `predict_images` would
    need raw pixels of one size.

    Args:
        model: Folder of a SavedModel from `modules.models.serving.export_saved_model`.
        files: Image files.

    Returns:
        Predictions and refusals.

    Raises:
        DataError: The model does not come from this pipeline.
    """
    signature = Signature(model, SERVING_DEFAULT, CLASSIFIER_OUTPUTS, FIX)
    answers: list[Prediction] = []
    refused: list[str] = []
    for batch in _batches(_readable(files, refused)):
        answers += _classify(signature, batch)
    return Predictions(answers, refused)


def _readable(files: Iterable[str], refused: list[str]) -> Iterator[_Image]:
    for path in files:
        try:
            content, shape = read_encoded_image(read_image(path), path)
        except DataError as error:
            refused.append(str(error))
        else:
            yield _Image(path, content, shape.height * shape.width)


def _batches(images: Iterable[_Image]) -> Iterator[list[_Image]]:
    batch: list[_Image] = []
    for image in images:
        pixels = image.pixels + sum(other.pixels for other in batch)
        if batch and (len(batch) == _BATCH_IMAGES or pixels > _BATCH_PIXELS):
            yield batch
            batch = []
        batch.append(image)
    if batch:
        yield batch


def _classify(signature: Signature, batch: Sequence[_Image]) -> Iterator[Prediction]:
    outputs = signature(as_examples(image.content for image in batch))
    names, probabilities = outputs[CLASS_NAME].numpy(), outputs[PROBABILITIES].numpy()
    for image, name, row in zip(batch, names, probabilities, strict=True):
        yield Prediction(image.path, name.decode("utf-8", "replace"), float(row.max()))


def as_examples(images: Iterable[bytes]) -> tf.Tensor:
    """Wraps encoded images as `serving_default` takes them: serialized tf.Examples, string [N]."""
    return tf.constant([_example(content) for content in images])


def _example(content: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
    example = tf.train.Example(features=tf.train.Features(feature={IMAGE: feature}))
    serialized: bytes = example.SerializeToString()
    return serialized
