"""Which versions a Beam worker needs: those of the process that submits its jobs."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping

from modules.core.errors import EngineError
from pipelines.fingerprint import source_fingerprint

# Code that Beam's workers run, with all that it imports.
_WORKER_MODULES = (
    "components.image_example_gen.executor",
    "components.transfer_evaluator.executor",
    "modules.domains.statistics",
    "modules.preprocessing",
)
_EXTERNAL = "--environment_type=EXTERNAL"
_ADDRESS = "--environment_config="


@functools.cache
def own_versions() -> dict[str, str]:
    """Versions of this process by name; `project` is a fingerprint of the code that workers run."""
    return {
        "apache-beam": importlib.metadata.version("apache-beam"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "project": source_fingerprint(*_WORKER_MODULES),
    }


def refuse_other_versions(place: str, worker: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raises an EngineError that names both versions of all that differs, if anything does.

    Args:
        place: The worker, for the message.
        worker: The worker's versions.
        wanted: Those of the process that submits the job; others are not compared.

    Example:
        >>> refuse_other_versions("worker on h1", {"python": "3.10"}, {"python": "3.13"})
        Traceback (most recent call last):
        modules.core.errors.EngineError: worker on h1: python is 3.10 there and 3.13 here. Give \
workers this project and its packages in the versions of the process that submits the job.
    """
    differences = [
        f"{name} is {worker[name]} there and {version} here"
        for name, version in wanted.items()
        if name in worker and worker[name] != version
    ]
    if differences:
        raise EngineError(
            f"{place}: {', '.join(differences)}. Give workers this project and its packages in "
            "the versions of the process that submits the job."
        )


def with_versions(beam_arguments: Iterable[str]) -> list[str]:
    """Adds this process's versions to what a worker pool is sent with each request for a worker.

    Beam's own pool ignores them; `pipelines.beam.worker_pool` compares them.
    """
    arguments = list(beam_arguments)
    return [_completed(argument) for argument in arguments] if _EXTERNAL in arguments else arguments


def _completed(argument: str) -> str:
    address = argument.removeprefix(_ADDRESS)
    if address == argument:
        return argument
    return f"{_ADDRESS}{json.dumps({'url': address, 'params': own_versions()})}"
