"""The `beam` section of a configuration: which engine runs the data components, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from modules.settings.base import PositiveInt, Settings

Runner = Literal["local", "flink", "spark", "dataflow", "portable"]
_Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+:[0-9]{1,5}$")]
_Text = Annotated[str, Field(pattern=r"^[^\s\x00]+$")]
_OptionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_ENVIRONMENT_KEYS = {
    "DOCKER": "image",
    "PROCESS": "command",
    "EXTERNAL": "address",
    "LOOPBACK": None,
}
# Ways to reach an engine: exactly one of those of the runner must be given.
ENGINE_KEYS = ("job_endpoint", "flink_master", "spark_master")
_DATAFLOW_KEYS = ("project", "region", "temp_location")
_RUNNER_KEYS: Mapping[str, tuple[str, ...]] = {
    "local": (),
    "flink": ("job_endpoint", "flink_master", "job_server_jar", "parallelism", "environment"),
    "spark": ("job_endpoint", "spark_master", "job_server_jar", "environment"),
    "dataflow": (*_DATAFLOW_KEYS, "environment"),
    "portable": ("job_endpoint", "environment"),
}
# Tried, and not to be had: pipelines on them end well with results missing.
_REFUSED_RUNNERS = {
    "dask": "Beam's DaskRunner drops tagged outputs, all but one leaf, what finish_bundle gives "
    "and written files without an error",
    "pyspark": "beam-pyspark-runner drops tagged outputs, and transforms that it does not know, "
    "without an error",
}
_KEYS_OF_ALL = ("runner", "shared_storage", "options")
# Beam options that other keys of the section write.
_WRITTEN_OPTIONS = {
    "runner": "runner",
    "job_endpoint": "job_endpoint",
    "flink_master": "flink_master",
    "flink_job_server_jar": "job_server_jar",
    "spark_master_url": "spark_master",
    "spark_job_server_jar": "job_server_jar",
    "parallelism": "parallelism",
    "project": "project",
    "region": "region",
    "temp_location": "temp_location",
    "environment_type": "environment.type",
    "environment_config": "environment",
    "environment_option": "environment",
    "environment_options": "environment",
    "sdk_container_image": "environment.image",
    "worker_harness_container_image": "environment.image",
}


def is_here(address: str) -> bool:
    """Whether an engine's address, such as localhost:8099 or [local], is on this machine.

    Example:
        >>> is_here("http://flink.example:8081")
        False
    """
    host = address.rpartition("://")[2].partition(":")[0]
    return host in ("localhost", "127.0.0.1", "[local]") or host.partition("[")[0] == "local"


class EnvironmentSettings(Settings):
    """Where the engine's workers run this project's Python code.

    Attributes:
        type: `DOCKER` starts a container for each worker, `PROCESS` a process on the engine's own
            machine. `EXTERNAL` asks a running worker pool. `LOOPBACK` uses the submitting process,
            for trials on one machine.
        image: For `DOCKER`: an image with this project and Beam's container entrypoint.
        command: For `PROCESS`: the worker's boot command.
        address: For `EXTERNAL`: host:port of the worker pool.
    """

    type: Literal["DOCKER", "PROCESS", "EXTERNAL", "LOOPBACK"]
    image: _Text | None = None
    command: _Text | None = None
    address: _Address | None = None

    @model_validator(mode="after")
    def _has_what_its_type_takes(self) -> EnvironmentSettings:
        wanted = _ENVIRONMENT_KEYS[self.type]
        for key in filter(None, _ENVIRONMENT_KEYS.values()):
            given = getattr(self, key) is not None
            if key == wanted and not given:
                raise ValueError(f"type {self.type} needs '{key}'")
            if key != wanted and given:
                takes = f"takes '{wanted}'" if wanted else "takes nothing else"
                raise ValueError(f"type {self.type} {takes}, not '{key}'")
        return self


class BeamSettings(Settings):
    """Where Beam runs ExampleGen, StatisticsGen, Transform and the evaluator.

    Attributes:
        runner: `local` runs in this process, `flink` and `spark` through Beam's job server,
            `portable` through any other job server, `dataflow` on Google's service.
        job_endpoint: For flink, spark and portable: host:port of a running job server.
        flink_master: For flink: host:port of Flink's REST interface, or `[local]`. Beam starts a
            job server for it, which needs Java.
        spark_master: For spark: Spark's URL, such as spark://host:7077. Beam starts a job server
            for it, which needs Java.
        job_server_jar: The job server for Beam to start. By default Beam downloads its own.
        parallelism: For flink: the job's parallelism.
        project: For dataflow: Google Cloud project.
        region: For dataflow: Google Cloud region.
        temp_location: For dataflow: a gs:// folder for its own files.
        environment: Where the workers run. Every runner but `local` needs it; dataflow takes only
            DOCKER.
        shared_storage: Says that all workers mount the storage of data and output under the same
            path. Otherwise local folders are refused for workers on other machines.
        options: Other options of Beam or the engine by name. true passes a bare flag.
    """

    runner: Runner = "local"
    job_endpoint: _Address | None = None
    flink_master: Annotated[
        str | None, Field(pattern=r"^(\[local\]|(https?://)?[A-Za-z0-9._-]+:[0-9]{1,5})$")
    ] = None
    spark_master: Annotated[
        str | None, Field(pattern=r"^(local(\[[0-9*]+\])?|spark://[A-Za-z0-9._-]+:[0-9]{1,5})$")
    ] = None
    job_server_jar: _Text | None = None
    parallelism: PositiveInt | None = None
    project: _Text | None = None
    region: _Text | None = None
    temp_location: Annotated[str | None, Field(pattern=r"^gs://[^/\s]+(/\S*)?$")] = None
    environment: EnvironmentSettings | None = None
    shared_storage: bool = False
    options: dict[_OptionName, str | bool | int | float] = Field(default={}, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        section = {"runner": value} if isinstance(value, str) else value
        name = str(section.get("runner")).lower() if isinstance(section, dict) else ""
        for runner, reason in _REFUSED_RUNNERS.items():
            if runner in name:
                raise ValueError(
                    f"runner {section['runner']}: {reason}. Choose {', '.join(get_args(Runner))}"
                )
        return section

    @model_validator(mode="after")
    def _fits_its_runner(self) -> BeamSettings:
        problems = [*self._foreign_keys(), *self._missing_keys(), *self._contradictions()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _engine_keys(self) -> list[str]:
        return [key for key in _RUNNER_KEYS[self.runner] if key in ENGINE_KEYS]

    def _foreign_keys(self) -> Iterator[str]:
        allowed = _RUNNER_KEYS[self.runner]
        for key in type(self).model_fields:
            if key not in allowed and key not in _KEYS_OF_ALL and getattr(self, key) is not None:
                owners = [runner for runner, keys in _RUNNER_KEYS.items() if key in keys]
                yield f"'{key}' is for runner {' or '.join(owners)}, not {self.runner}"

    def _missing_keys(self) -> Iterator[str]:
        engine = self._engine_keys()
        if engine and all(getattr(self, key) is None for key in engine):
            yield f"runner {self.runner} needs {' or '.join(map(repr, engine))}"
        if self.runner == "dataflow":
            missing = [key for key in _DATAFLOW_KEYS if getattr(self, key) is None]
            if missing:
                yield f"runner dataflow needs {', '.join(map(repr, missing))}"
            if self.environment is None or self.environment.type != "DOCKER":
                yield (
                    "runner dataflow needs 'environment' of type DOCKER with the image that holds "
                    "this project"
                )
        elif self.runner != "local" and self.environment is None:
            yield (
                f"runner {self.runner} needs 'environment': type DOCKER with 'image', PROCESS with "
                "'command', EXTERNAL with the 'address' of a worker pool, or LOOPBACK"
            )

    def _contradictions(self) -> Iterator[str]:
        given = [key for key in self._engine_keys() if getattr(self, key) is not None]
        if len(given) > 1:
            yield f"{' and '.join(map(repr, given))}: give one; a job server knows its engine"
        if self.job_endpoint is not None and self.job_server_jar is not None:
            yield "'job_endpoint' and 'job_server_jar' exclude each other: that server runs already"
        if self.environment and self.environment.type == "LOOPBACK":
            for key in given:
                if not is_here(address := getattr(self, key)):
                    yield f"{key} {address}: environment LOOPBACK needs an engine on this machine"
        for name in self.options:
            if name in _WRITTEN_OPTIONS:
                yield f"'options.{name}' is what 'beam.{_WRITTEN_OPTIONS[name]}' is for"
