"""The runner tells a display about each component, and what the cache served."""

# No postponed annotations: TFX reads those of a component's function.

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
import pytest
from rich.console import Console
from tfx.dsl.component.experimental.annotations import (
    BeamComponentParameter,
    OutputArtifact,
    Parameter,
)
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Schema

from components import beam_endpoint
from modules.core.errors import DataError, EngineError
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


def pipeline(folder: Path, *components: object, beam_pipeline_args: Sequence[str] = ()) -> Pipeline:
    return Pipeline(
        pipeline_name="test",
        pipeline_root=str(folder / "artifacts"),
        metadata_connection_config=metadata_in(folder),
        components=list(components),
        enable_cache=True,
        beam_pipeline_args=list(beam_pipeline_args),
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


@component
def StoppedBesideAWorker(schema: OutputArtifact[Schema]) -> None:
    """Refuses its data while another worker still writes into the output."""
    threading.Thread(target=_write_until_refused, args=[Path(schema.uri)]).start()
    while len(list(Path(schema.uri).iterdir())) < 2000:  # Removing them takes time.
        pass
    raise DataError("b.png", expected="an image", found="text", fix="Remove it.")


def _write_until_refused(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        for number in range(50_000):
            (folder / f"attempt-{number}").touch()


def test_a_worker_that_still_writes_does_not_hide_why_the_component_failed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"b\.png: expected an image, found text"):
        run_pipeline(
            pipeline(tmp_path, StoppedBesideAWorker().with_id("Only")), tmp_path, RecordingDisplay()
        )


@component(use_beam=True)
def Engine(
    schema: OutputArtifact[Schema], beam_pipeline: BeamComponentParameter[beam.Pipeline] = None
) -> None:
    options = beam_pipeline.options.get_all_options(drop_default=True)
    Path(schema.uri, "options").write_text(" ".join(map(str, options)))


def engine_run(folder: Path, *options: str) -> tuple[bool, str]:
    """Whether a component came from the cache, and which options its Beam job got."""
    arguments = ["--sdk_container_image=none", *options]
    (only,) = run_pipeline(
        pipeline(folder, Engine().with_id("Only"), beam_pipeline_args=arguments),
        folder,
        RecordingDisplay(),
    )
    written = Path(RunArtifacts(metadata_in(folder)).uri("Only", "schema"), "options")
    return only.cached, written.read_text()


def test_another_engine_uses_what_the_first_one_made(tmp_path: Path) -> None:
    cached, options = engine_run(tmp_path, "--runner=FnApiRunner")
    assert not cached
    assert "runner" in options.split()
    # No service has this port: a component from the cache does not ask for it.
    engine = ["--runner=PortableRunner", "--job_endpoint=localhost:1", "--parallelism=8"]
    assert engine_run(tmp_path, *engine) == (True, options)


def test_an_engine_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beam_endpoint, "PATIENCE", 0.5)
    with pytest.raises(EngineError, match=r"localhost:1: expected a Beam job service, found none"):
        engine_run(tmp_path, "--runner=PortableRunner", "--job_endpoint=localhost:1")
