"""Reads a folder of labelled images into files of Examples, as a Beam job."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from tfx.dsl.io import fileio

from components.beam_errors import reraise_user_errors
from components.image_example_gen.shard_writer import (
    ShardReport,
    ShardTask,
    read_reports,
    split_folder,
    write_shard,
)
from modules.core.errors import DataError
from modules.core.finding import Finding
from modules.domains.bad_images import judge_bad_images
from modules.domains.duplicates.files import SIGNATURES_FOLDER
from modules.settings import ValidationSettings
from modules.settings.image_source import ImageSourceSettings
from modules.sources.base import EvalDraw, ImageShard
from modules.sources.formats import open_source
from modules.sources.spans.finding import Span


@dataclass(frozen=True)
class ReadImages:
    """What was read of a folder, or of several spans together.

    Attributes:
        reports: For each split, what its shards hold.
        class_names: Names in label order, as the data have them.
        refused: What is wrong with each file that was left out before it was opened.
        notes: What was decided about the splits, a sentence each.
        group_hints: What suggests that images belong together, a part of a sentence each.
    """

    reports: Mapping[str, ShardReport]
    class_names: Sequence[str]
    refused: Sequence[str] = ()
    notes: Sequence[str] = ()
    group_hints: Sequence[str] = ()


@dataclass(frozen=True)
class ImageReader:
    """Reads folders of one domain.

    Attributes:
        settings: How they are read.
        splits: Names of the splits.
        make_pipeline: Returns a new Beam pipeline.
    """

    settings: ImageSourceSettings
    splits: Sequence[str]
    make_pipeline: Callable[[], beam.Pipeline]

    def read(
        self,
        folder: str,
        root: str,
        *,
        span: Span | None = None,
        then: beam.PTransform | None = None,
    ) -> ReadImages:
        """Writes the images of a folder, their signatures and reports below a root.

        Args:
            folder: With the images.
            root: An empty folder.
            span: Of the images, where they arrive in spans.
            then: Takes the `SignatureFile` of each shard.

        Raises:
            DataError: The images are not what their format promises.
        """
        settings = self.settings
        source = open_source(
            settings.format,
            folder,
            settings.classes,
            settings.label_offset,
            EvalDraw(settings.eval_share, settings.eval_seed),
            settings.options,
            settings.group,
        )
        shards = {split: source.shards(split, settings.num_shards) for split in self.splits}
        self._write(shards, root, span, then)
        reports = {split: read_reports(root, split) for split in self.splits}
        refused = list(source.refused)
        try:
            labels = {split: report.labels for split, report in reports.items()}
            class_names = source.class_names(labels)
        except DataError:
            # Images that cannot be read may be why a class has none.
            judge_images(folder, reports.values(), refused, settings.validation)
            raise
        return ReadImages(
            reports, class_names, refused, list(source.notes), list(source.group_hints)
        )

    def _write(
        self,
        shards: Mapping[str, Sequence[ImageShard]],
        root: str,
        span: Span | None,
        then: beam.PTransform | None,
    ) -> None:
        images = _count_images([shard for each in shards.values() for shard in each])
        tasks = []
        fileio.makedirs(os.path.join(root, SIGNATURES_FOLDER))
        for split, of_split in shards.items():
            fileio.makedirs(split_folder(root, split))
            tasks += [
                ShardTask(
                    shard, self.settings.domain, root, split, index, len(of_split), images, span
                )
                for index, shard in enumerate(of_split)
            ]
        with reraise_user_errors(), self.make_pipeline() as pipeline:
            written = (
                pipeline
                | "Shards" >> beam.Create(tasks)
                | "Distribute" >> beam.Reshuffle()
                | "WriteShard" >> beam.Map(write_shard).with_output_types(Any)
            )
            if then is not None:
                written | "Then" >> then


def judge_images(
    place: str,
    reports: Collection[ShardReport],
    refused: Sequence[str],
    validation: ValidationSettings,
) -> list[Finding]:
    """Says which images were left out, if they may be.

    Args:
        place: Folder of the domain.
        reports: On its splits.
        refused: What is wrong with each file that was left out before it was opened.
        validation: Says whether images may be left out.

    Raises:
        DataErrors: They may not.
    """
    everything = [*refused, *(text for report in reports for text in report.refused)]
    records = sum(report.records for report in reports)
    return judge_bad_images(place, everything, len(everything) + records, validation)


def _count_images(shards: Sequence[ImageShard]) -> int:
    """Returns how many images the shards hold; 0 where that shows only as they are read."""
    try:
        labels = [shard.labels() for shard in shards]
    except DataError:
        return 0  # Reading will say what is wrong.
    return sum(len(each) for each in labels if each) if all(labels) else 0
