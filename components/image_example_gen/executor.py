"""Executor of ImageExampleGen: reads image sources with Beam, one worker a shard."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from google.protobuf import struct_pb2
from tfx import types
from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from components.beam_errors import reraise_user_errors
from components.image_example_gen.copy_search import SearchCopies
from components.image_example_gen.duplicates import settle_duplicates
from components.image_example_gen.shard_writer import (
    ShardReport,
    ShardTask,
    read_reports,
    split_folder,
    write_shard,
)
from components.temporary_folder import discard, remove, temporary_folder
from modules.core.errors import DataError
from modules.core.example_features import CLASSES_FILE, EVAL_SPLIT, INGESTION_FILE
from modules.domains.bad_images import judge_bad_images
from modules.domains.duplicates.files import SIGNATURES_FOLDER
from modules.settings.image_source import ImageSourceSettings
from modules.sources.base import EvalDraw, ImageShard, ImageSource
from modules.sources.formats import open_source
from modules.sources.grouping import refuse_shared_groups
from modules.sources.labels import rename_classes

SETTINGS_KEY = "settings"
_PARTIAL_FOLDER = ".partial"
_FILE_FORMAT = "tfrecords_gzip"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes each split's shards, then the class names.

    Unlike TFX's own ExampleGens it does not shuffle records between workers: a shard is read,
    checked and written by one worker as a stream, which is faster and makes the output the same
    with every runner. No file gets its final name before all of them are written.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the images of `input_base` into the Examples artifact.

        Raises:
            DataError: The images are not what their format promises, or the splits share some;
                there is no output then. All images that cannot be read are in one message.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        settings = _parse_settings(exec_properties)
        splits = _parse_splits(exec_properties)
        input_base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
        with _partial_output(artifact.uri, splits) as partial:
            source = open_source(
                settings.format,
                input_base,
                settings.classes,
                settings.label_offset,
                EvalDraw(settings.eval_share, settings.eval_seed),
                settings.options,
                settings.group,
            )
            self._write_splits(source, splits, settings, partial)
            reports = {split: read_reports(partial, split) for split in splits}
            ingestion = _judge_ingestion(source, reports, settings)
            labels = {split: report.labels for split, report in reports.items()}
            class_names = rename_classes(source.class_names(labels), settings.class_map, input_base)
            images = sum(report.records for report in reports.values())
            duplicates = settle_duplicates(
                partial, input_base, class_names, images, settings.validation
            )
            ingestion["notes"] += duplicates.report.notes
            ingestion["findings"] += map(dataclasses.asdict, duplicates.findings)
            ingestion["duplicates"] = duplicates.as_json()
            _write_json(os.path.join(partial, CLASSES_FILE), class_names)
            _write_json(os.path.join(partial, INGESTION_FILE), ingestion)
        artifact.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(artifact, _FILE_FORMAT)

    def _write_splits(
        self,
        source: ImageSource,
        splits: Sequence[str],
        settings: ImageSourceSettings,
        partial: str,
    ) -> None:
        shards = {split: source.shards(split, settings.num_shards) for split in splits}
        images = _count_images([shard for each in shards.values() for shard in each])
        tasks = []
        fileio.makedirs(os.path.join(partial, SIGNATURES_FOLDER))
        for split in splits:
            fileio.makedirs(split_folder(partial, split))
            tasks += [
                ShardTask(shard, settings.domain, partial, split, index, len(shards[split]), images)
                for index, shard in enumerate(shards[split])
            ]
        with reraise_user_errors(), self._make_beam_pipeline() as pipeline:
            (
                pipeline
                | "Shards" >> beam.Create(tasks)
                | "Distribute" >> beam.Reshuffle()
                | "WriteShard" >> beam.Map(write_shard).with_output_types(Any)
                | "SearchCopies" >> SearchCopies(partial)
            )


def _count_images(shards: Sequence[ImageShard]) -> int:
    """Returns how many images the shards hold; 0 where that shows only as they are read."""
    try:
        labels = [shard.labels() for shard in shards]
    except DataError:
        return 0  # Reading will say what is wrong.
    return sum(len(each) for each in labels if each) if all(labels) else 0


def _judge_ingestion(
    source: ImageSource, reports: Mapping[str, ShardReport], settings: ImageSourceSettings
) -> dict[str, Any]:
    """Says how the images were read and which were left out, if they may be."""
    refused = list(source.refused)
    records = 0
    for report in reports.values():
        refused += report.refused
        records += report.records
    findings = judge_bad_images(source.folder, refused, len(refused) + records, settings.validation)
    groups = {split: report.groups for split, report in reports.items()}
    refuse_shared_groups(source.folder, groups)
    return {
        "notes": list(source.notes),
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "bad_images": refused,
        "groups": {split: len(names) for split, names in groups.items()}
        if settings.group
        else None,
        "group_hints": list(source.group_hints),
        "eval_content": f"{reports[EVAL_SPLIT].content:064x}" if EVAL_SPLIT in reports else None,
    }


def _write_json(path: str, content: Any) -> None:
    io_utils.write_string_file(path, json.dumps(content, ensure_ascii=False))


def _parse_settings(exec_properties: dict[str, Any]) -> ImageSourceSettings:
    custom_config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], custom_config
    )
    fields = struct_pb2.Struct()
    custom_config.custom_config.Unpack(fields)
    return ImageSourceSettings.model_validate_json(str(fields[SETTINGS_KEY]))


def _parse_splits(exec_properties: dict[str, Any]) -> list[str]:
    input_config = example_gen_pb2.Input()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.INPUT_CONFIG_KEY], input_config
    )
    return utils.generate_output_split_names(input_config, example_gen_pb2.Output())


@contextlib.contextmanager
def _partial_output(uri: str, splits: Sequence[str]) -> Iterator[str]:
    """Yields a folder whose content moves to `uri` if the block succeeds, else disappears."""
    names = (SIGNATURES_FOLDER, CLASSES_FILE, INGESTION_FILE)
    final = [
        *(split_folder(uri, split) for split in splits),
        *(os.path.join(uri, name) for name in names),
    ]
    remove(*final)  # An earlier attempt may have been killed.
    try:
        with temporary_folder(os.path.join(uri, _PARTIAL_FOLDER)) as partial:
            yield partial
            for path in final:
                fileio.rename(os.path.join(partial, os.path.basename(path)), path)
    except BaseException:
        discard(*final)
        raise
