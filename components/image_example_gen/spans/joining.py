"""Joins spans into one set of splits: train images of some, eval images of all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tfx.dsl.io import fileio

from components.beam_errors import reraise_user_errors
from components.image_example_gen.copy_search import SearchCopies
from components.image_example_gen.reading import ImageReader, ReadImages
from components.image_example_gen.shard_writer import (
    RECORD_OPTIONS,
    ShardReport,
    examples_file,
    find_examples_file,
    split_folder,
)
from components.image_example_gen.spans.store import SpanStore, StoredSpan
from modules.core.example_features import LABEL, TRAIN_SPLIT
from modules.core.wording import listed
from modules.domains.duplicates.files import (
    SIGNATURES_FOLDER,
    SignatureFile,
    list_signature_files,
    read_signatures,
    signature_file,
    write_signatures,
)
from modules.settings.image_source import SpanSettings
from modules.sources.spans.classes import join_class_names, new_labels
from modules.sources.spans.finding import find_spans
from modules.sources.spans.pattern import SpanPattern
from modules.sources.untuned_dataset import untuned


class JoinedSpans(NamedTuple):
    """The images of all spans together.

    Attributes:
        images: What the splits hold.
        found: Numbers of the spans.
        trained: Those whose train images the train split holds.
        ingested: Those that were read now; the others came from the store.
    """

    images: ReadImages
    found: list[int]
    trained: list[int]
    ingested: list[int]


def join_spans(
    reader: ImageReader, settings: SpanSettings, base: str, store: SpanStore, root: str
) -> JoinedSpans:
    """Reads the spans that are new, then writes the splits of all together below a root.

    Args:
        reader: Reads a span.
        settings: The pattern of the spans' folders, and which of them are trained on.
        base: Folder above the spans'.
        store: Keeps what was read.
        root: An empty folder.

    Raises:
        DataError: There are no spans, or one is not what its format promises.
    """
    found = find_spans(SpanPattern(base, settings.pattern))
    trained = [span.number for span in found.chosen(settings.trained)]
    ingested, stored = [], []
    for span in found.spans:
        kept = store.find(span)
        if kept is None:
            kept = store.add(span, partial(reader.read, span.folder, span=span))
            ingested.append(span.number)
        stored.append(kept)
    numbers = [span.number for span in found.spans]
    images, files = _join(stored, trained, reader.splits, root)
    with reraise_user_errors(), reader.make_pipeline() as pipeline:
        (
            pipeline
            | "Signatures" >> beam.Create(files)
            | "Distribute" >> beam.Reshuffle()
            | "SearchCopies" >> SearchCopies(root)
        )
    return JoinedSpans(images, numbers, trained, ingested)


def _join(
    stored: Sequence[StoredSpan], trained: Sequence[int], splits: Sequence[str], root: str
) -> tuple[ReadImages, list[SignatureFile]]:
    class_names = join_class_names([each.images.class_names for each in stored])
    reports = {split: ShardReport() for split in splits}
    files = []
    fileio.makedirs(os.path.join(root, SIGNATURES_FOLDER))
    for split in splits:
        fileio.makedirs(split_folder(root, split))
        chosen = [each for each in stored if split != TRAIN_SPLIT or each.span.number in trained]
        shards = [(each, file) for each in chosen for file in _shards(each, split)]
        for each in chosen:
            labels = new_labels(each.images.class_names, class_names)
            reports[split].add(each.images.reports[split], labels)
        for index, (each, file) in enumerate(shards):
            labels = new_labels(each.images.class_names, class_names)
            copied = signature_file(root, split, index)
            _copy_examples(each, file, examples_file(root, split, index, len(shards)), labels)
            _copy_signatures(file.path, copied.path, labels)
            files.append(copied)
    newest = stored[-1].images
    notes = [_note([each.span.name for each in stored], len(trained)), *newest.notes]
    refused = [text for each in stored for text in each.images.refused]
    return ReadImages(reports, class_names, refused, notes, newest.group_hints), files


def _shards(stored: StoredSpan, split: str) -> Iterator[SignatureFile]:
    return (file for file in list_signature_files(stored.folder) if file.split == split)


def _copy_examples(
    stored: StoredSpan, file: SignatureFile, path: str, labels: Sequence[int] | None
) -> None:
    """Copies a shard; where the span has fewer classes than all, with the labels among all."""
    original = find_examples_file(stored.folder, file.split, file.shard)
    if labels is None:
        fileio.copy(original, path)
        return
    with tf.io.TFRecordWriter(path, RECORD_OPTIONS) as writer:
        records = untuned(tf.data.TFRecordDataset(original, "GZIP"))
        for record in records.as_numpy_iterator():
            example = tf.train.Example.FromString(record)
            value = example.features.feature[LABEL].int64_list.value
            value[:] = (labels[value[0]],)
            writer.write(example.SerializeToString(deterministic=True))


def _copy_signatures(original: str, path: str, labels: Sequence[int] | None) -> None:
    if labels is None:
        fileio.copy(original, path)
    else:
        signatures = read_signatures(original)
        among_all = np.array(labels, np.int64)[signatures.labels]
        write_signatures(path, replace(signatures, labels=among_all))


def _note(names: Sequence[str], trained: int) -> str:
    if len(names) == 1:
        return f"There is one span, {names[0]}."
    return (
        f"There are {len(names):,} spans: {listed(names)}. The train split has the images of "
        f"{listed(names[-trained:])}, the eval split those of all."
    )
