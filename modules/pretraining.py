"""The `run_fn` of the pipeline's first Trainer: pretraining on the source domain."""

from __future__ import annotations

from modules.training.jobs import FnArgs, PretrainingJob
from modules.training.pretraining import pretrain
from modules.training.processes import train_job


def run_fn(fn_args: FnArgs) -> None:
    """Trains a network on the source's train split and fills Model and ModelRun artifacts.

    Args:
        fn_args: TFX's FnArgs, with a `PretrainingPlan` as JSON under `plan` in its custom config.
            The eval split is not read.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples cannot be read.
        TrainingError: The loss is not finite, or a worker was lost.
    """
    job = PretrainingJob.of(fn_args)
    train_job(job, pretrain, job.plan.pretraining.batch_size)
