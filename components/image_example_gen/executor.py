"""Executor of ImageExampleGen: reads image sources with Beam, one worker a shard."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from tfx import types
from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.image_example_gen.copy_search import SearchCopies
from components.image_example_gen.duplicates import settle_duplicates
from components.image_example_gen.parameters import unpack_settings, unpack_splits
from components.image_example_gen.reading import ImageReader, ReadImages, judge_images
from components.image_example_gen.shard_writer import split_folder
from components.image_example_gen.spans.joining import JoinedSpans, join_spans
from components.image_example_gen.spans.store import SpanStore
from components.temporary_folder import discard, remove, temporary_folder
from modules.core.example_features import CLASSES_FILE, EVAL_SPLIT, INGESTION_FILE
from modules.domains.duplicates.files import SIGNATURES_FOLDER
from modules.settings.image_source import ImageSourceSettings, SpanSettings
from modules.sources.grouping import refuse_shared_groups
from modules.sources.labels import rename_classes

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
        settings, source_fingerprint = unpack_settings(exec_properties)
        splits = unpack_splits(exec_properties)
        input_base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
        reader = ImageReader(settings, splits, self._make_beam_pipeline)
        spans = None
        with _partial_output(artifact.uri, splits) as partial:
            if settings.spans is None:
                images = reader.read(input_base, partial, then=SearchCopies(partial))
            else:
                store = _span_store(settings, settings.spans, source_fingerprint, partial)
                spans = join_spans(reader, settings.spans, input_base, store, partial)
                images = spans.images
            ingestion = _judge_ingestion(input_base, images, settings)
            class_names = rename_classes(images.class_names, settings.class_map, input_base)
            records = sum(report.records for report in images.reports.values())
            duplicates = settle_duplicates(
                partial, input_base, class_names, records, settings.validation
            )
            ingestion["notes"] += duplicates.report.notes
            ingestion["findings"] += map(dataclasses.asdict, duplicates.findings)
            ingestion["duplicates"] = duplicates.as_json()
            if spans is not None:
                ingestion["spans"] = {"found": spans.found, "trained": spans.trained}
            _write_json(os.path.join(partial, CLASSES_FILE), class_names)
            _write_json(os.path.join(partial, INGESTION_FILE), ingestion)
        artifact.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(artifact, _FILE_FORMAT)
        if spans is not None:
            _name_spans(artifact, spans)


def _span_store(
    settings: ImageSourceSettings, spans: SpanSettings, source_fingerprint: str, partial: str
) -> SpanStore:
    recipe = settings.model_dump_json(exclude={"validation", "class_map", "spans"})
    root = spans.store or os.path.join(partial, "spans")
    return SpanStore(root, f"{recipe} {source_fingerprint}")


def _name_spans(artifact: types.Artifact, spans: JoinedSpans) -> None:
    """Lets the metadata store tell which spans there are, were chosen, and were read now."""
    # TFX's driver sets it as well; Kubeflow runs no driver.
    artifact.set_int_custom_property(utils.SPAN_PROPERTY_NAME, spans.found[-1])
    artifact.span = spans.found[-1]
    for name, numbers in (
        ("spans", spans.found),
        ("trained_spans", spans.trained),
        ("ingested_spans", spans.ingested),
    ):
        artifact.set_string_custom_property(name, ",".join(map(str, numbers)))


def _judge_ingestion(
    place: str, images: ReadImages, settings: ImageSourceSettings
) -> dict[str, Any]:
    """Says how the images were read and which were left out, if they may be."""
    reports = images.reports
    findings = judge_images(place, reports.values(), images.refused, settings.validation)
    groups = {split: report.groups for split, report in reports.items()}
    refuse_shared_groups(place, groups)
    return {
        "notes": list(images.notes),
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "bad_images": [
            *images.refused,
            *(text for report in reports.values() for text in report.refused),
        ],
        "groups": {split: len(names) for split, names in groups.items()}
        if settings.group
        else None,
        "group_hints": list(images.group_hints),
        "eval_content": f"{reports[EVAL_SPLIT].content:064x}" if EVAL_SPLIT in reports else None,
    }


def _write_json(path: str, content: Any) -> None:
    io_utils.write_string_file(path, json.dumps(content, ensure_ascii=False))


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
