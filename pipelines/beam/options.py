"""Turns the `beam` section into Beam's options, and checks which folders workers can reach."""

from __future__ import annotations

import json

from modules.core.errors import ConfigError
from pipelines.beam.settings import ENGINE_KEYS, BeamSettings, is_here

_RUNNER_CLASSES = {
    "local": "FnApiRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
    "portable": "PortableRunner",
}
_LONGEST_JOB = 30 * 24 * 3600  # seconds


def beam_pipeline_args(settings: BeamSettings) -> list[str]:
    """Translates the `beam` section into Beam's own options, such as `--runner=FlinkRunner`."""
    # FnApiRunner is in-process; the DirectRunner of Beam >= 2.68 tries to download another runner.
    values: dict[str, str | bool | int | float | None] = {
        "runner": _RUNNER_CLASSES[settings.runner],
        "job_endpoint": settings.job_endpoint,
        "flink_master": settings.flink_master,
        "spark_master_url": settings.spark_master,
        f"{settings.runner}_job_server_jar": settings.job_server_jar,
        "parallelism": settings.parallelism,
        "project": settings.project,
        "region": settings.region,
        "temp_location": settings.temp_location,
        **_environment_options(settings),
        # Workers have this project and its dependencies. Without any image name, TFX would build a
        # package of its own sources for each run, and install it on the workers.
        "sdk_container_image": (settings.environment and settings.environment.image) or "none",
        **_job_service_options(settings),
        **settings.options,
    }
    return [
        f"--{name}" if value is True else f"--{name}={value}"
        for name, value in values.items()
        if value is not None and value is not False
    ]


def _job_service_options(settings: BeamSettings) -> dict[str, int]:
    # Beam closes a job's stream of states after this time, and the job fails: after 60 s in Beam
    # 2.67, and 300 s in 2.77. Whether the service is there at all is asked before: see
    # components/beam_endpoint.py.
    over_grpc = settings.runner not in ("local", "dataflow")
    return {"job_server_timeout": _LONGEST_JOB} if over_grpc else {}


def _environment_options(settings: BeamSettings) -> dict[str, str]:
    environment = settings.environment
    if environment is None or settings.runner == "dataflow":
        return {}
    options: dict[str, str] = {"environment_type": environment.type}
    if environment.command:
        options["environment_config"] = json.dumps({"command": environment.command})
    elif place := environment.image or environment.address:
        options["environment_config"] = place
    return options


def describe_beam(settings: BeamSettings) -> str:
    """Says in one line where the data components run."""
    environment = settings.environment
    if environment is None:  # Only the local runner has none.
        return "Beam runs in this process (beam.runner local)"
    engines = filter(None, (getattr(settings, key) for key in ENGINE_KEYS))
    engine = next(engines, f"project {settings.project}, {settings.region}")
    place = environment.image or environment.command or environment.address
    workers = f"workers {environment.type}{f' {place}' if place else ''}"
    return f"Beam runs on {settings.runner} at {engine}, {workers}"


def check_storage(settings: BeamSettings, folder: str) -> None:
    """Refuses a folder that the engine's workers cannot see.

    Args:
        settings: The `beam` section.
        folder: Where artifacts go: a local folder or a URI.

    Raises:
        ConfigError: The folder is on this machine, and the workers are not.
    """
    reason = _why_workers_are_elsewhere(settings)
    if reason is None or folder.startswith("gs://"):
        return
    if settings.runner == "dataflow":
        raise ConfigError(
            f"beam.runner: {reason}, which cannot reach {folder}. Compile the pipeline with "
            "'warmstart compile' and a gs:// pipeline root, or run it with beam.runner=local."
        )
    if not settings.shared_storage:
        raise ConfigError(
            f"beam: {reason}, which may not see {folder}. If data and output lie on storage that "
            "every worker mounts under the same path, say so with beam.shared_storage=true; else "
            "put them there first, or use beam.runner=local."
        )


def _why_workers_are_elsewhere(settings: BeamSettings) -> str | None:
    environment = settings.environment
    if environment is None:
        return None
    if settings.runner == "dataflow":
        return "Dataflow's workers are machines of Google's"
    if environment.type == "DOCKER":
        return "environment.type DOCKER gives each worker a container's own files"
    engines = [(key, getattr(settings, key)) for key in ENGINE_KEYS]
    for name, address in (("environment.address", environment.address), *engines):
        if address and not is_here(address):
            return f"{name} {address} has workers on another machine"
    return None
