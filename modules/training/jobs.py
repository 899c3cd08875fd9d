"""One training as data: its plan, the artifacts it reads and those it fills.

Workers of one training all read the same job from a JSON file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from modules.core.errors import ConfigError
from modules.core.example_features import TRAIN_SPLIT
from modules.settings import Settings
from modules.settings.plans import PretrainingPlan, TrainingPlan, TransferPlan

# Key of the plan in a Trainer's custom config.
PLAN_KEY = "plan"


class FnArgs(Protocol):
    """The attributes of TFX's `FnArgs` that a `run_fn` here reads.

    Attributes:
        train_files: Patterns of the train split's files, <Examples artifact>/Split-train/*.
        transform_graph_path: The TransformGraph artifact.
        serving_model_dir: Where the SavedModel belongs, <Model artifact>/Format-Serving.
        model_run_dir: The ModelRun artifact.
        base_model: The SavedModel of the model that was imported; None without one.
        custom_config: Holds the plan as JSON.
    """

    train_files: Sequence[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    base_model: str | None
    custom_config: Mapping[str, Any]


JobType = TypeVar("JobType", bound="TrainingJob")


class TrainingJob(Settings):
    """One training.

    Attributes:
        plan: What decides it beside the data.
        examples: Root of the Examples artifact of the domain that is learnt.
        transform_graph: The TransformGraph artifact.
        model: Root of the Model artifact to fill.
        model_run: The ModelRun artifact to fill, on a disk that all workers share.
    """

    plan: TrainingPlan
    examples: str
    transform_graph: str
    model: str
    model_run: str

    @property
    def inputs(self) -> list[str]:
        """The folders that the training reads; their content is part of its identity."""
        return [train_split(self.examples), self.transform_graph]

    @classmethod
    def of(cls: type[JobType], fn_args: FnArgs) -> JobType:
        """Makes the job that TFX's Trainer hands to its `run_fn`."""
        job = {
            "plan": json.loads(fn_args.custom_config[PLAN_KEY]),
            "examples": os.path.dirname(os.path.dirname(fn_args.train_files[0])),
            "transform_graph": fn_args.transform_graph_path,
            "model": os.path.dirname(fn_args.serving_model_dir.rstrip("/")),
            "model_run": fn_args.model_run_dir,
        }
        return cls.model_validate_json(json.dumps(job))


class PretrainingJob(TrainingJob):
    """A pretraining on the source domain."""

    job: Literal["pretraining"] = "pretraining"
    plan: PretrainingPlan = PretrainingPlan()


class ScratchJob(TrainingJob):
    """The target's training without a warm start.

    Attributes:
        base_model: Root of the imported Model artifact, whose network is trained from random
            weights; None trains the plan's.
    """

    job: Literal["scratch"] = "scratch"
    plan: TransferPlan = TransferPlan()
    base_model: str | None = None

    @property
    def inputs(self) -> list[str]:
        """The folders that the training reads, the imported model included."""
        return [*super().inputs, *([self.base_model] if self.base_model else [])]

    @classmethod
    def of(cls, fn_args: FnArgs) -> ScratchJob:
        """Makes the job that TFX's Trainer hands to its `run_fn`."""
        job = super().of(fn_args)
        if not fn_args.base_model:
            return job
        return job.model_copy(update={"base_model": os.path.dirname(fn_args.base_model)})


class WarmStartJob(TrainingJob):
    """A training on the target domain from a pretrained model.

    Attributes:
        source_examples: Root of the source's Examples artifact, if there is a source.
        base_model: Root of the pretrained Model artifact.
        served_model: Root of the Model artifact with the served version, if it is asked for.
        mapping_report: Folder to fill with mapping_report.json and transferability.json.
        pretrained_arm: Root of the Model artifact to fill with what the pretrained model answers
            among the target's classes.
    """

    job: Literal["warm_start"] = "warm_start"
    plan: TransferPlan = TransferPlan()
    source_examples: str | None = None
    base_model: str
    served_model: str | None = None
    mapping_report: str
    pretrained_arm: str

    @property
    def inputs(self) -> list[str]:
        """The folders that the training reads, the source and the models included."""
        source = [train_split(self.source_examples)] if self.source_examples else []
        served = [self.served_model] if self.served_model else []
        return [*super().inputs, *source, self.base_model, *served]


AnyTrainingJob: TypeAlias = PretrainingJob | ScratchJob | WarmStartJob

_ANY_JOB: TypeAdapter[AnyTrainingJob] = TypeAdapter(
    Annotated[AnyTrainingJob, Field(discriminator="job")]
)


def train_split(examples: str) -> str:
    """Returns the folder of an Examples artifact's train split."""
    return os.path.join(examples, f"Split-{TRAIN_SPLIT}")


def read_job(path: Path) -> AnyTrainingJob:
    """Reads a job from a JSON file, whose key `job` names the kind.

    Raises:
        ConfigError: The file cannot be read, or a key or value is refused.
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
