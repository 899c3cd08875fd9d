"""The ImageExampleGen component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2

from components.image_example_gen import driver, executor
from components.image_example_gen.parameters import pack_settings
from modules.settings import ValidationSettings
from modules.settings.image_source import ImageSourceSettings, SpanSettings
from modules.sources.base import DEFAULT_DRAW, EvalDraw
from modules.sources.formats import FORMATS


class ImageExampleGen(FileBasedExampleGen):
    """Reads and checks the labelled images of one domain.

    Component `outputs` contains:
     - `examples`: Channel of type `standard_artifacts.Examples`, with the splits `train` and
       `eval` (gzipped TFRecords; features in `modules.core.example_features`) and `classes.json`,
       the class names in label order. Equal input gives equal bytes. Beside them lies
       `ingestion.json`: notes on the splits, the bad images that were left out, and what the
       search for copies found; and `signatures/`, by which it compares the images. Of spans, its
       custom properties `spans`, `trained_spans` and `ingested_spans` name all that there are,
       those to train on, and those that this execution read, such as `1,2,3`.

    Args:
        input_base: Folder with the images.
        domain: Name that every example carries.
        format: A name registered in `modules.sources.formats`, such as `idx`.
        source_fingerprint: Fingerprint of the code. A new value invalidates the cache, as changed
            files do.
        classes: Class names in label order; None takes them from the data.
        eval_draw: How an eval split is drawn where the data have none.
        validation: Says what happens to images that cannot be read, and to copies that the splits
            or classes share; None refuses both.
        num_shards: Output files per split; None chooses by the number of records. With `tfrecord`
            there is always one per input file.
        class_map: Other names for classes, by those that `classes` or the data give.
        label_offset: The first class's label in the data.
        options: Options of a format that is a plug-in.
        group: How the group of each image is found, as `modules.sources.grouping` says; None for
            no groups. With groups every example has the feature `group`.
        spans: Where `input_base` holds a folder for each span: their pattern, those whose train
            images the train split holds, and the store that keeps what was read. The eval split
            holds all spans' eval images; every example has the feature `span`.

    Example:
        ```
        examples = ImageExampleGen(
            input_base="data/mnist", domain="mnist", format="idx", source_fingerprint="1"
        ).outputs["examples"]
        ```
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self,
        input_base: str,
        domain: str,
        format: str,
        source_fingerprint: str,
        classes: Sequence[str] | None = None,
        eval_draw: EvalDraw = DEFAULT_DRAW,
        validation: ValidationSettings | None = None,
        num_shards: int | None = None,
        class_map: Mapping[str, str] | None = None,
        label_offset: int = 0,
        options: Mapping[str, Any] | None = None,
        group: str | None = None,
        spans: SpanSettings | None = None,
    ) -> None:
        validation = validation or ValidationSettings()
        settings = ImageSourceSettings(
            domain=domain,
            format=format,
            classes=None if classes is None else tuple(classes),
            eval_share=eval_draw.share,
            eval_seed=eval_draw.seed,
            # What else it says is no matter of the ingestion, and would invalidate its cache.
            validation=ValidationSettings(
                bad_images=validation.bad_images,
                max_bad_images=validation.max_bad_images,
                duplicates=validation.duplicates,
            ),
            num_shards=num_shards,
            class_map=dict(class_map or {}),
            label_offset=label_offset,
            options=dict(options or {}),
            group=group,
            spans=spans,
        )
        splits = [
            example_gen_pb2.Input.Split(name=name, pattern=pattern)
            for name, pattern in FORMATS.find(format).split_patterns.items()
        ]
        super().__init__(
            input_base=input_base,
            input_config=example_gen_pb2.Input(splits=splits),
            custom_config=pack_settings(settings, source_fingerprint),
        )
