"""The target's features for TensorBoard's embedding projector."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins import projector

from modules.core.wording import display_name
from modules.images.thumbnail import thumbnail

PROJECTOR_FOLDER = "projector"
MOST_EXAMPLES = 1000
BEFORE, AFTER = "before the transfer", "after the transfer"

_METADATA_FILE, _SPRITE_FILE = "metadata.tsv", "sprite.png"
_TENSOR_FILES = {BEFORE: "before.tsv", AFTER: "after.tsv"}
_COLUMNS = ("class", BEFORE, AFTER, "outcome", "image")
_OUTCOMES = {
    (True, True): "right before and after",
    (False, True): "fixed by the transfer",
    (True, False): "broken by the transfer",
    (False, False): "wrong before and after",
}
_SPRITE_SIDE = 32  # pixels; a sheet of MOST_EXAMPLES stays far below WebGL's limit of 8,192
_DIGITS = "%.5g"
# TensorBoard finds a projector only beside an event file. This one is empty.
_EVENTS_FILE = "events.out.tfevents.0.projector"


@dataclass(frozen=True)
class ProjectedExamples:
    """N target examples and how the models before and after the transfer see them.

    Attributes:
        example_ids: Their ids.
        images: Encoded images.
        labels: True classes, int64 [N].
        before: Features by the pretrained model, float32 [N, D].
        after: Features by the warm-started model, float32 [N, D].
        answers_before: Classes that the pretrained model predicts, int64 [N].
        answers_after: Classes that the warm-started model predicts, int64 [N].
    """

    example_ids: Sequence[str]
    images: Sequence[bytes]
    labels: npt.NDArray[np.int64]
    before: npt.NDArray[np.float32]
    after: npt.NDArray[np.float32]
    answers_before: npt.NDArray[np.int64]
    answers_after: npt.NDArray[np.int64]


def write_projector(examples: ProjectedExamples, names: Sequence[str], folder: str) -> None:
    """Writes a TensorBoard run with a projector.

    Args:
        examples: At least one.
        names: Names of all classes, in label order.
        folder: Where the files go. It is created. Equal input gives equal files.
    """
    tf.io.gfile.makedirs(folder)
    _write(folder, _METADATA_FILE, _metadata(examples, names).encode())
    _write(folder, _SPRITE_FILE, _sprite_sheet(examples.images))
    config = projector.ProjectorConfig()
    for name, features in ((AFTER, examples.after), (BEFORE, examples.before)):
        _write(folder, _TENSOR_FILES[name], _table(features))
        embedding = config.embeddings.add()
        embedding.tensor_name = name
        embedding.tensor_path = _TENSOR_FILES[name]
        embedding.tensor_shape.extend(features.shape)
        embedding.metadata_path = _METADATA_FILE
        embedding.sprite.image_path = _SPRITE_FILE
        embedding.sprite.single_image_dim.extend([_SPRITE_SIDE, _SPRITE_SIDE])
    projector.visualize_embeddings(folder, config)
    with tf.io.TFRecordWriter(os.path.join(folder, _EVENTS_FILE)) as writer:
        writer.write(Event(file_version="brain.Event:2").SerializeToString())


def _metadata(examples: ProjectedExamples, names: Sequence[str]) -> str:
    shown = [display_name(name) for name in names]
    rows = zip(
        examples.example_ids,
        examples.labels,
        examples.answers_before,
        examples.answers_after,
        strict=True,
    )
    lines = [_COLUMNS] + [
        (
            shown[label],
            shown[before],
            shown[after],
            _OUTCOMES[bool(before == label), bool(after == label)],
            display_name(example_id),
        )
        for example_id, label, before, after in rows
    ]
    return "".join("\t".join(cells) + "\n" for cells in lines)


def _sprite_sheet(images: Sequence[bytes]) -> bytes:
    """Arranges the images in a square, row by row, as the projector expects."""
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * _SPRITE_SIDE, rows * _SPRITE_SIDE))
    for place, encoded in enumerate(images):
        tile = thumbnail(encoded, _SPRITE_SIDE)
        row, column = divmod(place, columns)
        left, top = ((_SPRITE_SIDE - side) // 2 for side in tile.size)
        sheet.paste(tile, (column * _SPRITE_SIDE + left, row * _SPRITE_SIDE + top))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _table(features: npt.NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.savetxt(file, features, fmt=_DIGITS, delimiter="\t")
    return file.getvalue()


def _write(folder: str, name: str, content: bytes) -> None:
    with tf.io.gfile.GFile(os.path.join(folder, name), "wb") as file:
        file.write(content)
