"""What a worker is told to train, in one file that all workers of a training read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from modules.core.errors import ConfigError
from modules.core.example_features import TRAIN_SPLIT
from modules.settings import (
    NetworkSettings,
    PreprocessingSettings,
    PretrainingSettings,
    Settings,
    Shots,
    TrainingSettings,
    TransferSettings,
)
from modules.training.run_fn_arguments import RunFnArguments, examples_uri, model_uri, parse_shots

_SECTIONS = ("network", "preprocessing", "pretraining", "training", "transfer")


JobType = TypeVar("JobType", bound="RunFnJob")


class RunFnJob(Settings):
    """What a Trainer's `run_fn` trains; has the attributes of `RunFnArguments`.

    Attributes:
        examples: Root of the Examples artifact.
        transform_graph: The TransformGraph artifact.
        model: Root of the Model artifact to fill.
        model_run: The ModelRun artifact, on a disk that all workers share.
    """

    examples: str
    transform_graph: str
    model: str
    model_run: str
    network: NetworkSettings = NetworkSettings()
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    training: TrainingSettings = TrainingSettings()
    seed: int = 0
    source_fingerprint: str = ""

    @property
    def train_files(self) -> list[str]:
        """Patterns of the train split's files."""
        return [os.path.join(self.examples, f"Split-{TRAIN_SPLIT}", "*")]

    @property
    def transform_graph_path(self) -> str:
        """The TransformGraph artifact."""
        return self.transform_graph

    @property
    def serving_model_dir(self) -> str:
        """Where the SavedModel belongs."""
        return os.path.join(self.model, "Format-Serving")

    @property
    def model_run_dir(self) -> str:
        """The ModelRun artifact."""
        return self.model_run

    @property
    def custom_config(self) -> Mapping[str, Any]:
        """The component's parameters as TFX hands them over: sections as JSON."""
        others = {"job", "examples", "transform_graph", "model", "model_run"}
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.model_dump_json() if isinstance(value, Settings) else value
            for name, value in values.items()
            if name not in others
        }

    @classmethod
    def of(cls: type[JobType], arguments: RunFnArguments) -> JobType:
        """Makes the job of a `run_fn`'s arguments."""
        config = {
            name: json.loads(value) if name in _SECTIONS else value
            for name, value in arguments.custom_config.items()
        }
        if "shots" in config:
            config["shots"] = parse_shots(config["shots"])
        artifacts = {
            "examples": examples_uri(arguments),
            "transform_graph": arguments.transform_graph_path,
            "model": model_uri(arguments),
            "model_run": arguments.model_run_dir,
        }
        return cls.model_validate_json(json.dumps({**artifacts, **config}))


class PretrainingJob(RunFnJob):
    """A pretraining on the source domain."""

    job: Literal["pretraining"] = "pretraining"
    pretraining: PretrainingSettings = PretrainingSettings()


class ScratchJob(RunFnJob):
    """The target's training without a warm start."""

    job: Literal["scratch"] = "scratch"
    transfer: TransferSettings = TransferSettings()
    shots: Shots = 10


class WarmStartJob(Settings):
    """A training on the target domain from a pretrained model; see `modules.transfer.warm_start`.

    Attributes:
        target_examples: As those down to `base_model`, an attribute of `WarmStart`.
        model: Root of the Model artifact to fill.
        model_run: The ModelRun artifact, on a disk that all workers share.
        mapping_report: Folder for the mapping report.
    """

    job: Literal["warm_start"] = "warm_start"
    target_examples: str
    source_examples: str
    transform_graph: str
    base_model: str
    model: str
    model_run: str
    mapping_report: str
    network: NetworkSettings = NetworkSettings()
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    training: TrainingSettings = TrainingSettings()
    transfer: TransferSettings = TransferSettings()
    shots: Shots = 10
    seed: int = 0
    source_fingerprint: str = ""


TrainingJob: TypeAlias = PretrainingJob | ScratchJob | WarmStartJob

_ANY_JOB: TypeAdapter[TrainingJob] = TypeAdapter(Annotated[TrainingJob, Field(discriminator="job")])


def read_job(path: Path) -> TrainingJob:
    """Reads a job.

    Args:
        path: A JSON file; `job` says which kind it is.

    Returns:
        The job, validated.

    Raises:
        ConfigError: It cannot be read, or a key or value is refused.
    """
    try:
        return _ANY_JOB.validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())}.") from None
    except ValidationError as error:
        problems = "".join(
            f"\n  {'.'.join(map(str, problem['loc'][1:]))}: {problem['msg'].lower()}"
            for problem in error.errors()
        )
        raise ConfigError(f"{path}: the job is not valid.{problems}") from None
