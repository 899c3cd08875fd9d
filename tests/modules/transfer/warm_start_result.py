"""Runs a warm start on the tiny domains and reads what it wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modules.models.checkpointing import read_checkpoint_variables
from modules.training.record import TrainingRecord
from modules.transfer.warm_start import run_warm_start
from tests.training_domain import (
    TRANSFER,
    TRANSFER_PLAN,
    TinyDomains,
    warm_start_job,
)


@dataclass(frozen=True)
class Result:
    folder: Path

    @property
    def record(self) -> TrainingRecord:
        return TrainingRecord.read(str(self.folder / "model_run"))

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return read_checkpoint_variables(str(self.folder / "model" / "checkpoint"))

    @property
    def mapping(self) -> dict[str, Any]:
        return json.loads((self.folder / "mapping_report" / "mapping_report.json").read_text())


def run(
    domains: TinyDomains,
    pretrained: Path,
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    **transfer: Any,
) -> Result:
    plan = TRANSFER_PLAN.model_copy(
        update={"transfer": TRANSFER.model_copy(update=transfer), **(changes or {})}
    )
    run_warm_start(warm_start_job(domains, pretrained / "model", folder, plan))
    return Result(folder)
