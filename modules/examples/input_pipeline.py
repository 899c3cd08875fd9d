"""From an Examples split and a TransformGraph to arrays that training draws its batches from."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.core.errors import DataError
from modules.core.example_features import EXAMPLE_ID, GROUP, IMAGE, LABEL, SPAN
from modules.sources.untuned_dataset import untuned

_NO_SPAN = -1
_CHUNK = 512  # examples that go through the TransformGraph at once
_READABLE_EXAMPLES = "readable tf.Examples with image, label and example_id"
_FIX = "Run the pipeline with --fresh to ingest the data again."


@dataclass(frozen=True)
class ExampleIndex:
    """The labels and ids of a split, before any image is decoded.

    Rows are ordered by example id, so a training depends neither on how the split is divided into
    files nor on the order in which a runner wrote them.

    Attributes:
        files: The split's files, in the order in which `positions` counts.
        labels: int64 [N].
        example_ids: bytes [N], ascending.
        positions: int64 [N]: where in the files each row's record is.
        groups: bytes [N], the examples' groups; None where they have none.
        spans: int64 [N], the batch of data that each arrived with; None where there is one only.
    """

    files: tuple[str, ...]
    labels: np.ndarray
    example_ids: np.ndarray
    positions: np.ndarray
    groups: np.ndarray | None = None
    spans: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def slots(self, rows: np.ndarray) -> np.ndarray:
        """For each record in the files, int64 [N]: its place in `rows`, or -1."""
        slots = np.full(len(self), -1, dtype=np.int64)
        slots[self.positions[rows]] = np.arange(len(rows))
        return slots


NO_EXAMPLES = ExampleIndex((), np.zeros(0, np.int64), np.zeros(0, np.bytes_), np.zeros(0, np.int64))


@dataclass(frozen=True)
class PreprocessedExamples:
    """Examples ready for the network, in memory or mapped from disk.

    Attributes:
        images: float32 [N, S, S, C].
        labels: int64 [N]; None where training must not see them.
        example_ids: bytes [N].
    """

    images: np.ndarray
    labels: np.ndarray | None
    example_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.example_ids)

    @property
    def known_labels(self) -> np.ndarray:
        """The labels, int64 [N]; a ValueError where they are withheld."""
        if self.labels is None:
            raise ValueError("The labels of these examples are withheld.")
        return self.labels

    def take(self, rows: np.ndarray) -> PreprocessedExamples:
        """Copies the given rows, int64 [M], in that order."""
        labels = None if self.labels is None else self.labels[rows]
        return PreprocessedExamples(self.images[rows], labels, self.example_ids[rows])

    def relabelled(self, labels: np.ndarray) -> PreprocessedExamples:
        """Shares the images and replaces label i by `labels[i]`, int64 [K]."""
        return replace(self, labels=labels[self.known_labels])

    def without_labels(self) -> PreprocessedExamples:
        """Shares the images and withholds the labels."""
        return replace(self, labels=None)


class ImagePreprocessor:
    """The image part of a TransformGraph; loaded and traced once, for any number of splits.

    Args:
        transform_graph_dir: A TransformGraph artifact.

    Raises:
        DataError: There is no such TransformGraph.
    """

    def __init__(self, transform_graph_dir: str) -> None:
        transform_output = tft.TFTransformOutput(transform_graph_dir)
        with _readable(transform_graph_dir, "a TransformGraph with an image"):
            layer = transform_output.transform_features_layer()
            # Only the image, as in serving: preprocessing must not depend on other features.
            spec = {IMAGE: transform_output.raw_feature_spec()[IMAGE]}

        # A Keras 2 layer works in any function, but not in a Keras 3 network.
        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
        def preprocess(records: tf.Tensor) -> tf.Tensor:
            return layer(tf.io.parse_example(records, spec))[IMAGE]

        self._preprocess = preprocess

    def __call__(self, records: tf.Tensor) -> tf.Tensor:
        """Preprocesses serialized tf.Examples, string [N], to f32 [N, S, S, C]."""
        return self._preprocess(records)


def index_examples(file_patterns: Sequence[str]) -> ExampleIndex:
    """Reads labels, ids, groups and spans of a split.

    Args:
        file_patterns: Patterns of GZIP TFRecord files of tf.Examples, as TFX hands them over.

    Raises:
        DataError: No file, no example, an unreadable record, or two examples with the same id.
    """
    files = matching_files(file_patterns)
    spec = {
        LABEL: tf.io.FixedLenFeature([], tf.int64),
        EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
        GROUP: tf.io.FixedLenFeature([], tf.string, default_value=b""),
        SPAN: tf.io.FixedLenFeature([], tf.int64, default_value=_NO_SPAN),
    }
    chunks = _record_chunks(files).map(
        lambda records: tf.io.parse_example(records, spec), num_parallel_calls=tf.data.AUTOTUNE
    )
    folder = os.path.dirname(files[0])
    with _readable(folder, _READABLE_EXAMPLES):
        parsed = list(untuned(chunks).as_numpy_iterator())
    if not parsed:
        raise DataError(folder, expected="examples", found="none", fix=_FIX)
    labels, example_ids, groups, spans = (
        np.concatenate([chunk[name] for chunk in parsed])
        for name in (LABEL, EXAMPLE_ID, GROUP, SPAN)
    )
    example_ids = example_ids.astype(np.bytes_)
    positions = np.argsort(example_ids, kind="stable")
    ordered = example_ids[positions]
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(repeated):
        raise DataError(
            folder, expected="unique example ids", found=f"'{repeated[0].decode()}' twice", fix=_FIX
        )
    grouped = groups.astype(np.bytes_)[positions] if groups.any() else None
    spanned = spans[positions] if (spans != _NO_SPAN).any() else None
    return ExampleIndex(files, labels[positions], ordered, positions, grouped, spanned)


def preprocess_examples(
    index: ExampleIndex,
    preprocessor: ImagePreprocessor,
    *,
    memory_cache_mib: int,
    rows: np.ndarray | None = None,
) -> PreprocessedExamples:
    """Sends examples through the TransformGraph, once.

    Args:
        index: The split's index.
        preprocessor: The TransformGraph.
        memory_cache_mib: Images that take more MiB than this together go to a temporary file.
        rows: int64 [M], rows of the index without repetition; None takes all.

    Returns:
        The M examples, in the order of `rows`.

    Raises:
        DataError: A file is unreadable, or there is no room for the images.
    """
    rows = np.arange(len(index)) if rows is None else rows
    images: np.ndarray | None = None
    with _readable(os.path.dirname(index.files[0]), _READABLE_EXAMPLES):
        for chunk_slots, chunk in _preprocessed_chunks(index, preprocessor, rows):
            if images is None:
                images = _allocate((len(rows), *chunk.shape[1:]), memory_cache_mib)
            images[chunk_slots] = chunk
    if images is None:
        raise DataError(index.files[0], expected="rows to preprocess", found="none", fix=_FIX)
    return PreprocessedExamples(images, index.labels[rows], index.example_ids[rows])


def _preprocessed_chunks(
    index: ExampleIndex, preprocessor: ImagePreprocessor, rows: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the wanted images in the files' order, with their places in `rows`."""

    def select(records: tf.Tensor, slots: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        wanted = slots >= 0
        return tf.boolean_mask(records, wanted), tf.boolean_mask(slots, wanted)

    chunks = (
        placed_record_chunks(index, rows)
        .map(select)
        .filter(lambda records, slots: tf.size(slots) > 0)
    )
    chunks = chunks.map(
        lambda records, slots: (slots, preprocessor(records)), num_parallel_calls=tf.data.AUTOTUNE
    )
    return untuned(chunks.prefetch(1)).as_numpy_iterator()


def _allocate(shape: tuple[int, ...], memory_cache_mib: int) -> np.ndarray:
    size = 4 * int(np.prod(shape, dtype=np.int64))
    if size <= memory_cache_mib * 2**20:
        return np.empty(shape, np.float32)
    # The file has no name: it is gone with the array, or with the process.
    with tempfile.TemporaryFile() as file:
        try:
            # Without allocated blocks, a full disk would kill the process at a later write.
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise DataError(
                tempfile.gettempdir(),
                expected=f"room for {size / 2**20:.0f} MiB of preprocessed examples",
                found=error.strerror or str(error),
                fix="Free it, set TMPDIR to another disk, or raise training.memory_cache_mib.",
            ) from error
        return np.memmap(file, np.float32, mode="r+", shape=shape)


def matching_files(patterns: Sequence[str]) -> tuple[str, ...]:
    """Lists the files of TFX's patterns in alphabetical order; a DataError if there is none."""
    files = sorted({file for pattern in patterns for file in tf.io.gfile.glob(pattern)})
    if not files:
        raise DataError(", ".join(patterns), expected="Examples files", found="none", fix=_FIX)
    return tuple(files)


def placed_record_chunks(index: ExampleIndex, rows: np.ndarray) -> tf.data.Dataset:
    """Yields all serialized examples of a split in chunks, each with its place in `rows` or -1."""
    slot_chunks = tf.data.Dataset.from_tensor_slices(index.slots(rows)).batch(_CHUNK)
    return untuned(tf.data.Dataset.zip((_record_chunks(index.files), slot_chunks)))


def _record_chunks(files: Sequence[str]) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(list(files), compression_type="GZIP").batch(_CHUNK)


@contextmanager
def _readable(path: str, expected: str) -> Iterator[None]:
    try:
        yield
    except (tf.errors.OpError, OSError, KeyError) as error:
        raise DataError(
            path, expected=expected, found=_without_node_names(str(error)), fix=_FIX
        ) from error


def _without_node_names(message: str) -> str:
    text = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*", "", message, flags=re.DOTALL)
    return " ".join(text.split()).rstrip(".")
