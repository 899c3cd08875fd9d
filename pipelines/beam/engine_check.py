"""Asks an engine, in a minute, whether the pipeline's Beam jobs hold on it."""

from __future__ import annotations

import contextlib
import json
import platform
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.runners.runner import PipelineResult

from components.beam_endpoint import require_job_service
from components.beam_errors import reraise_user_errors
from modules.core.errors import EngineError, one_line
from pipelines.beam.options import beam_pipeline_args
from pipelines.beam.primitives import NEEDED, Primitive
from pipelines.beam.settings import BeamSettings
from pipelines.beam.versions import own_versions, refuse_other_versions, with_versions

_ASKED = 16  # elements: enough for each of some workers to get one
_ERROR_LENGTH = 300  # characters


class Answer(NamedTuple):
    """What came of one primitive: `problem` is None where it holds."""

    name: str
    problem: str | None
    seconds: float


def run_job(settings: BeamSettings, build: Callable[[beam.Pipeline], object]) -> PipelineResult:
    """Runs one Beam job on the configured engine.

    Raises:
        WarmstartError: The engine does not answer, or a worker raised it.
    """
    arguments = with_versions(beam_pipeline_args(settings))
    require_job_service(arguments)
    with reraise_user_errors():
        pipeline = beam.Pipeline(argv=arguments)
        build(pipeline)
        result = pipeline.run()
        result.wait_until_finish()
    return result


def check_engine(settings: BeamSettings, folder: str) -> Iterator[Answer]:
    """Checks the versions of the engine's workers, then all that the pipeline needs, in two jobs.

    Args:
        settings: The `beam` section.
        folder: A folder or URI that all workers reach; what is written there is removed.

    Raises:
        EngineError: Beam refuses the options, the engine does not answer, or its workers have
            other versions.
    """
    _require_valid_options(settings)
    with _scratch(folder) as scratch:
        started = time.monotonic()
        workers = worker_versions(settings, scratch)
        yield Answer(f"workers on {', '.join(workers)}", None, time.monotonic() - started)
        started = time.monotonic()
        try:
            run_job(settings, partial(_apply_all, folder=scratch))
        except Exception as error:
            raise EngineError(f"the engine failed on a small job: {shorten(error)}") from error
        seconds = time.monotonic() - started
        for primitive in NEEDED:
            yield Answer(primitive.name, _difference(primitive, scratch), seconds)


def try_primitive(settings: BeamSettings, primitive: Primitive, folder: str) -> Answer:
    """Runs one primitive as a job of its own, which may fail in any way."""
    started = time.monotonic()
    try:
        run_job(settings, lambda pipeline: primitive.apply(pipeline, folder))
        problem = _difference(primitive, folder)
    except Exception as error:
        problem = f"error: {shorten(error)}"
    return Answer(primitive.name, problem, time.monotonic() - started)


def worker_versions(settings: BeamSettings, folder: str) -> list[str]:
    """Names the hosts of the engine's workers, all of which have this process's versions.

    Raises:
        EngineError: A worker has other versions.
    """
    asked = Primitive(
        "versions",
        lambda begin, _: begin | beam.Create(range(_ASKED), reshuffle=True) | beam.Map(_versions),
        (),
    )
    try:
        run_job(settings, lambda pipeline: asked.apply(pipeline, folder))
    except EngineError:
        raise
    except Exception as error:
        wanted = ", ".join(f"{name} {version}" for name, version in own_versions().items())
        raise EngineError(
            f"the engine failed on a first, small job: {shorten(error)}. Its workers need this "
            f"project and its packages on their path: {wanted}."
        ) from error
    answers = [json.loads(text) for text in asked.found(folder)]
    if not answers:
        raise EngineError(
            f"the engine's first, small job left nothing in {folder}. Put the output where all "
            "workers mount it under the same path."
        )
    for answer in answers:
        refuse_other_versions(f"worker on {answer['host']}", answer, own_versions())
    return sorted({answer["host"] for answer in answers})


def shorten(error: BaseException) -> str:
    """The end of an error's message, where runners put the cause."""
    text = one_line(error)
    return text if len(text) <= _ERROR_LENGTH else f"...{text[-_ERROR_LENGTH:]}"


def _require_valid_options(settings: BeamSettings) -> None:
    try:
        beam.Pipeline(argv=beam_pipeline_args(settings))
    except ValueError as error:
        raise EngineError(f"beam: Beam refuses these options: {shorten(error)}") from error


def _apply_all(pipeline: beam.Pipeline, folder: str) -> None:
    for primitive in NEEDED:
        primitive.apply(pipeline, folder)


def _versions(_: int) -> str:
    time.sleep(0.05)  # So that one worker does not take them all.
    return json.dumps({"host": platform.node(), **own_versions()})


def _difference(primitive: Primitive, folder: str) -> str | None:
    found, expected = primitive.found(folder), list(primitive.expected)
    return None if found == expected else f"wrong: expected {_cut(expected)}, found {_cut(found)}"


def _cut(values: Sequence[Any]) -> str:
    text = str(values)
    return text if len(text) <= 80 else f"{text[:77]}..."


@contextlib.contextmanager
def _scratch(folder: str) -> Iterator[str]:
    """Makes a folder of its own below another; it goes in the end, with all made for it."""
    made = [parent for parent in _with_parents(folder) if not FileSystems.exists(parent)]
    path = FileSystems.join(folder, f".engine-check-{uuid.uuid4().hex[:8]}")
    FileSystems.mkdirs(path)
    try:
        yield path
    finally:
        FileSystems.delete([made[0] if made else path])


def _with_parents(folder: str) -> list[str]:
    """A local folder and all above it, the uppermost first; none for a URI."""
    if "://" in folder:
        return []
    path = Path(folder).absolute()
    return [str(parent) for parent in (*reversed(path.parents), path)]
