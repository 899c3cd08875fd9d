"""The runner tells a display about each component, and what the cache served."""

# No postponed annotations: TFX reads those of a component's function.

import time
from pathlib import Path

import pytest
from rich.console import Console
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Schema

from modules.core.errors import DataError
from pipelines.running.artifacts import RunArtifacts, metadata_in
from pipelines.running.dag_runner import run_pipeline
from pipelines.running.display import RunDisplay


class RecordingDisplay(RunDisplay):
    def __init__(self) -> None:
        super().__init__(Console(quiet=True))
        self.events: list[tuple] = []

    def started(self, component: str) -> None:
        self.events.append(("started", component))

    def finished(self, component: str, seconds: float, cached: bool) -> None:
        self.events.append(("finished", component, cached))


@component
def Writer(text: Parameter[str], schema: OutputArtifact[Schema]) -> None:
    Path(schema.uri, "text").write_text(text)


@component
def Refuser(schema: OutputArtifact[Schema]) -> None:
    raise DataError("a.png", expected="an image", found="text", fix="Remove it.")


def pipeline(folder: Path, *components: object) -> Pipeline:
    return Pipeline(
        pipeline_name="test",
        pipeline_root=str(folder / "artifacts"),
        metadata_connection_config=metadata_in(folder),
        components=list(components),
        enable_cache=True,
    )


def test_components_are_shown_as_they_work_and_cached_ones_marked(tmp_path: Path) -> None:
    for second, cached in (("b", False), ("c", True)):
        display = RecordingDisplay()
        before = time.time()
        first, last = run_pipeline(
            pipeline(
                tmp_path,
                Writer(text="a").with_id("First"),
                Writer(text=second).with_id("Last"),
            ),
            tmp_path,
            display,
        )
        assert display.events == [
            ("started", "First"),
            ("finished", "First", cached),
            ("started", "Last"),
            ("finished", "Last", False),
        ]
        assert (first.component, first.cached) == ("First", cached)
        assert (last.component, last.cached) == ("Last", False)
        assert before <= first.started <= first.started + first.seconds <= last.started
        written = Path(RunArtifacts(metadata_in(tmp_path)).uri("Last", "schema"), "text")
        assert written.read_text() == second


def test_a_component_that_fails_is_never_finished(tmp_path: Path) -> None:
    display = RecordingDisplay()
    with pytest.raises(DataError):
        run_pipeline(pipeline(tmp_path, Refuser().with_id("Only")), tmp_path, display)
    assert display.events == [("started", "Only")]
