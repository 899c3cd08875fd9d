"""One worker of a training on several processes or hosts.

    export TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]},
                       "task": {"type": "worker", "index": 0}}'
    python -m modules.training_worker JOB.json

All workers run the same command and differ in `TF_CONFIG` only. The first one is the chief, which
writes what the training leaves behind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modules.training.jobs import AnyTrainingJob, PretrainingJob, ScratchJob
from modules.training.worker import work

if TYPE_CHECKING:
    from modules.training.placement import TrainingPlacement


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="modules.training_worker", allow_abbrev=False)
    parser.add_argument("job", type=Path, help="JSON file, the same on each worker")
    parser.add_argument(
        "--supervised",
        action="store_true",
        help="report to the process that started this one, and end with it",
    )
    return parser.parse_args(arguments)


def train(job: AnyTrainingJob, placement: TrainingPlacement) -> None:
    """Trains a job in this process."""
    # Imported late: a wrong job should not wait for TensorFlow.
    if isinstance(job, PretrainingJob):
        from modules.training.pretraining import pretrain

        pretrain(job, placement)
    elif isinstance(job, ScratchJob):
        from modules.transfer.scratch_control import train_control

        train_control(job, placement)
    else:
        from modules.transfer.warm_start import train_warm_start

        train_warm_start(job, placement)


if __name__ == "__main__":
    options = parse_arguments(sys.argv[1:])
    work(options.job, train, supervised=options.supervised)
