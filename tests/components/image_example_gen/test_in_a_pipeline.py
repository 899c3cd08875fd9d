"""ImageExampleGen in a real pipeline: its cache and its failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import artifact_utils, standard_artifacts

from components.image_example_gen.component import ImageExampleGen
from modules.core.errors import DataError
from modules.settings.image_source import SpanSettings
from tests.components.image_example_gen.ingestion import (
    BEAM_ARGS,
    OPTDIGITS,
    examples_of,
    execute,
    files,
    write_image_folder,
)
from tests.components.image_example_gen.spans.domain import PATTERN, spans_of, write_span


class IngestPipeline:
    """A pipeline of one ImageExampleGen, with its metadata."""

    def __init__(self, root: Path, input_base: str, format: str, **others: Any) -> None:
        self._connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
        self._root = root
        self._arguments: dict[str, Any] = {
            "input_base": input_base,
            "format": format,
            "domain": "digits",
            **others,
        }

    def run(self, source_fingerprint: str = "1") -> str:
        """Runs it; returns the state of the new execution."""
        LocalDagRunner().run(self.build(source_fingerprint))
        return self.states()[-1]

    def states(self) -> list[str]:
        """The state of each execution so far."""
        with metadata.Metadata(self._connection) as store:
            executions = sorted(store.store.get_executions(), key=lambda execution: execution.id)
        name = metadata_store_pb2.Execution.State.Name
        return [name(execution.last_known_state) for execution in executions]

    def build(self, source_fingerprint: str = "1") -> pipeline.Pipeline:
        return pipeline.Pipeline(
            pipeline_name="ingest",
            pipeline_root=str(self._root / "artifacts"),
            components=[ImageExampleGen(**self._arguments, source_fingerprint=source_fingerprint)],
            enable_cache=True,
            metadata_connection_config=self._connection,
            beam_pipeline_args=BEAM_ARGS,
        )

    def examples(self) -> list[standard_artifacts.Examples]:
        with metadata.Metadata(self._connection) as store:
            found = store.store.get_artifacts_by_type("Examples")
        artifacts = []
        for stored in found:
            artifact = standard_artifacts.Examples()
            artifact.set_mlmd_artifact(stored)
            artifacts.append(artifact)
        return artifacts


class TestInAPipeline:
    def test_writes_what_the_executor_alone_writes_and_then_comes_from_the_cache(
        self, tmp_path: Path
    ) -> None:
        alone = execute(tmp_path / "alone", input_base=OPTDIGITS, format="idx")
        ingest = IngestPipeline(tmp_path, OPTDIGITS, "idx")
        assert ingest.run() == "COMPLETE"
        (artifact,) = ingest.examples()
        assert files(Path(artifact.uri)) == files(Path(alone.uri))
        assert artifact_utils.decode_split_names(artifact.split_names) == ["train", "eval"]
        assert artifact.get_string_custom_property("input_fingerprint")
        assert ingest.run() == "CACHED"

    def test_changed_code_or_data_invalidate_the_cache(self, tmp_path: Path) -> None:
        write_image_folder(tmp_path / "in")
        ingest = IngestPipeline(tmp_path, str(tmp_path / "in"), "image_folder")
        assert ingest.run() == "COMPLETE"
        assert ingest.run() == "CACHED"
        assert ingest.run(source_fingerprint="2") == "COMPLETE"
        # TFX's own fingerprint does not see an image that moves to another class.
        (tmp_path / "in/train/cat/0.png").rename(tmp_path / "in/train/dog/5.png")
        assert ingest.run() == "COMPLETE"
        labels = [example["label"] for example in examples_of(ingest.examples()[-1], "train")]
        assert sorted(labels) == [0, 0, 1, 1, 1, 1]

    def test_a_new_span_invalidates_the_cache_and_another_folder_does_not(
        self, tmp_path: Path
    ) -> None:
        site = tmp_path / "site"
        write_span(site, 1)
        spans = SpanSettings(pattern=PATTERN, store=str(tmp_path / "store"))
        ingest = IngestPipeline(tmp_path, str(site), "image_folder", spans=spans)
        assert ingest.run() == "COMPLETE"
        write_span(site, 2).rename(site / "span-2.partial")
        assert ingest.run() == "CACHED"
        (site / "span-2.partial").rename(site / "span-2")
        assert ingest.run() == "COMPLETE"
        assert ingest.run() == "CACHED"
        first, second = ingest.examples()
        assert (first.span, second.span) == (1, 2)
        assert spans_of(second) == {"spans": "1,2", "trained_spans": "2", "ingested_spans": "2"}

    def test_failure_marks_no_artifact_as_complete(self, tmp_path: Path) -> None:
        write_image_folder(tmp_path / "in")
        (tmp_path / "in/train/cat/0.png").write_bytes(b"no image")
        ingest = IngestPipeline(tmp_path, str(tmp_path / "in"), "image_folder")
        with pytest.raises(DataError, match=r"train/cat/0\.png: expected a PNG, JPEG, WebP"):
            ingest.run()
        assert ingest.states() == ["FAILED"]
        assert ingest.examples() == []
        assert not list((tmp_path / "artifacts").rglob("classes.json"))


def test_compiles_to_an_intermediate_representation_that_names_its_driver(tmp_path: Path) -> None:
    compiled = compiler.Compiler().compile(IngestPipeline(tmp_path, OPTDIGITS, "idx").build())
    assert "components.image_example_gen.driver.Driver" in str(compiled.deployment_config)
