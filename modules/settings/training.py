"""Settings that all trainings share."""

from __future__ import annotations

from typing import Literal

from modules.settings.base import PositiveFloat, PositiveInt, Settings

Precision = Literal["auto", "float32", "mixed_bfloat16"]


class TrainingSettings(Settings):
    """What all trainings share.

    Attributes:
        precision: Number format of the arithmetic. `auto` takes mixed_bfloat16 where the CPU
            computes it natively, else float32.
        checkpoint_every_steps: Steps from one checkpoint to the next.
        max_to_keep: Number of recent checkpoints to keep.
        keep_checkpoint_every_n_hours: Also keep one checkpoint every so many hours for good; null
            keeps only the recent ones.
        summary_every_steps: Steps from one TensorBoard scalar and progress report to the next.
        memory_cache_mib: Preprocessed examples up to this size, in MiB, stay in memory; larger
            ones are cached on disk.
        workers: Number of processes that share each batch. Defaults to the number in TF_CONFIG, or
            one.
        sharding: How the workers of a pretraining share the examples. With `file` each worker
            reads its own files; with `data` each reads everything, and together they train on what
            one process would. `auto` is `file` where there is a file for each worker.
        worker_timeout_seconds: How long a worker waits for the others within a step, in seconds.
    """

    precision: Precision = "auto"
    checkpoint_every_steps: PositiveInt = 200
    max_to_keep: PositiveInt = 3
    keep_checkpoint_every_n_hours: PositiveFloat | None = None
    summary_every_steps: PositiveInt = 20
    memory_cache_mib: PositiveInt = 1024
    workers: PositiveInt | None = None
    sharding: Literal["auto", "file", "data"] = "auto"
    worker_timeout_seconds: PositiveInt = 600
