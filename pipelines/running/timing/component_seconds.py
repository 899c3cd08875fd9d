"""How long the components of a run take, by the records of earlier runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

from modules.core.errors import WarmstartError
from pipelines.config import Config
from pipelines.running.history import read_history

# Of the default scenario on two cores with AVX512-BF16, roughly: the pace of a run's first
# components corrects them. Trainings without their steps.
_SECONDS = {
    "SourceExampleGen": 2.5,
    "TargetExampleGen": 0.2,
    "SourceStatisticsGen": 4.0,
    "TargetStatisticsGen": 1.4,
    "ImageSchemaGen": 0.1,
    "SourceValidator": 0.1,
    "TargetValidator": 1.0,
    "Transform": 7.0,
    "PretrainTrainer": 5.0,
    "ModelImporter": 5.0,
    "ScratchTrainer": 1.2,
    "WarmStartTrainer": 6.0,
    "ServedModelFinder": 0.1,
    "TransferEvaluator": 8.0,
    "Pusher": 0.1,
    "TransferReport": 5.0,
}
_SECONDS_OF_A_STEP = {"PretrainTrainer": 0.019, "ScratchTrainer": 0.013, "WarmStartTrainer": 0.03}


def expected_seconds(config: Config, output: Path) -> dict[str, float]:
    """Returns the seconds that each component takes, by its name.

    What a component took last in the output folder counts, else what a recorded run took.

    Args:
        config: Its numbers of steps count for the trainings of the recorded run.
        output: An output folder, perhaps without any run.
    """
    steps = {
        "PretrainTrainer": config.pretraining.steps,
        "ScratchTrainer": config.transfer.steps,
        "WarmStartTrainer": config.transfer.steps,
    }
    seconds = {
        component: fixed + steps.get(component, 0) * _SECONDS_OF_A_STEP.get(component, 0.0)
        for component, fixed in _SECONDS.items()
    }
    # A damaged history is for `warmstart history` to report.
    with contextlib.suppress(WarmstartError):
        for record in read_history(output):
            seconds |= record.seconds
    return seconds
