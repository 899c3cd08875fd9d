"""What a pushed model says about image files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import tensorflow as tf

from modules.core.errors import DataError
from modules.core.example_features import IMAGE
from modules.sources.encoded import check_encoded_image
from modules.sources.image_files import read_image

_SIGNATURE = "serving_default"
_OUTPUTS = {"probabilities", "label", "class_name"}
_BATCH_IMAGES = 256
# Decoded at once: bounds the memory that a batch of large photos takes.
_BATCH_PIXELS = 16_000_000


@dataclass(frozen=True)
class Prediction:
    """The likeliest class of one image.

    Args:
        image: The file.
        class_name: As the model was trained with it.
        probability: That the model gives it, from 0 to 1.
    """

    image: str
    class_name: str
    probability: float


@dataclass(frozen=True)
class Predictions:
    """The answers to all images that could be read, and why the others could not.

    Args:
        answers: In the order of the files.
        refused: One message for each file that is no image.
    """

    answers: list[Prediction]
    refused: list[str]


@dataclass(frozen=True)
class _Image:
    path: str
    content: bytes
    pixels: int


def predict_files(model: str, files: Sequence[str]) -> Predictions:
    """Classifies image files by a SavedModel's own graph, preprocessing included.

    The files go in unchanged, through `serving_default`: as in the pipeline's evaluation, whatever
    their sizes, transparency or depth. `predict_images` would take one size and raw pixels.

    Args:
        model: Folder of a SavedModel that `modules.models.serving.export_saved_model` wrote.
        files: PNG or JPEG files.

    Returns:
        Answers and refusals.

    Raises:
        DataError: The model is not one of this pipeline.
    """
    loaded = _load(model)
    answers: list[Prediction] = []
    refused: list[str] = []
    for batch in _batches(_readable(files, refused)):
        answers += _classify(loaded, batch)
    return Predictions(answers, refused)


def _load(model: str) -> tf.Module:
    try:
        loaded = tf.saved_model.load(model)
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise _unusable(model, f"none that loads: {error}") from error
    if _SIGNATURE not in loaded.signatures:
        raise _unusable(model, f"the signatures {sorted(loaded.signatures)}")
    outputs = set(loaded.signatures[_SIGNATURE].structured_outputs)
    if not outputs >= _OUTPUTS:
        raise _unusable(model, f"one that gives {sorted(outputs)}")
    return loaded


def _unusable(model: str, found: str) -> DataError:
    return DataError(
        model,
        expected=f"a SavedModel with a signature '{_SIGNATURE}' that gives {sorted(_OUTPUTS)}",
        found=found,
        fix="Pass a model that a run of this pipeline has pushed.",
    )


def _readable(files: Iterable[str], refused: list[str]) -> Iterator[_Image]:
    for path in files:
        try:
            content = read_image(path)
            height, width, _ = check_encoded_image(content, path)
        except DataError as error:
            refused.append(str(error))
        else:
            yield _Image(path, content, height * width)


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


def _classify(loaded: tf.Module, batch: Sequence[_Image]) -> Iterator[Prediction]:
    examples = tf.constant([_example(image.content) for image in batch])
    outputs = loaded.signatures[_SIGNATURE](examples=examples)
    names, probabilities = outputs["class_name"].numpy(), outputs["probabilities"].numpy()
    for image, name, row in zip(batch, names, probabilities, strict=True):
        yield Prediction(image.path, name.decode("utf-8", "replace"), float(row.max()))


def _example(content: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
    example = tf.train.Example(features=tf.train.Features(feature={IMAGE: feature}))
    serialized: bytes = example.SerializeToString()
    return serialized
