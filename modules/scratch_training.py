"""The `run_fn` of the pipeline's second Trainer: the scratch control on the target domain."""

from __future__ import annotations

from modules.training.jobs import FnArgs, ScratchJob
from modules.training.processes import train_job
from modules.transfer.scratch_control import train_control


def run_fn(fn_args: FnArgs) -> None:
    """Trains a fresh network on the target's shots and fills Model and ModelRun artifacts.

    Args:
        fn_args: TFX's FnArgs of the target domain, with a `TransferPlan` as JSON under `plan` in
            its custom config. The eval split is not read.

    Raises:
        ConfigError: The workers cannot share a batch evenly.
        DataError: The examples cannot be read, or a class has too few.
        TrainingError: The loss is not finite, or a worker was lost.
    """
    job = ScratchJob.of(fn_args)
    train_job(job, train_control, job.plan.transfer.batch_size)
