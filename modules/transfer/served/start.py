"""What a warm start begins from: the served model where it is asked for and fits."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import tensorflow as tf

from modules.core.atomic_files import write_atomically
from modules.models.artifact import check_model
from modules.models.mapping_report import MappingReport
from modules.settings.transfer import PRETRAINED_START, SERVED_START
from modules.training.jobs import WarmStartJob

START_FILE = "start.json"


@dataclass(frozen=True)
class ServedStart:
    """Whether a warm start can begin from what is served.

    Attributes:
        run: What identifies the run that asks.
        version: Number of the version; 0 if nothing is served.
        refusal: Why it cannot, without a full stop; empty if it can.
    """

    run: str
    version: int
    refusal: str

    def write(self, folder: str) -> None:
        """Writes `start.json`."""
        write_atomically(os.path.join(folder, START_FILE), json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: str) -> ServedStart | None:
        """Reads `start.json`; None where nobody asked."""
        path = os.path.join(folder, START_FILE)
        if not tf.io.gfile.exists(path):
            return None
        with tf.io.gfile.GFile(path) as file:
            return cls(**json.loads(file.read()))


class StartChoice(NamedTuple):
    """What a warm start begins from.

    Attributes:
        model: Root of its Model artifact.
        told: `asked` and `used`, `pretrained` or `served`; the `version`, None unless it is used;
            and the `reason`, empty unless the two differ.
    """

    model: str
    told: dict[str, Any]

    def name(self, report: MappingReport) -> MappingReport:
        """Names it in the report of what was restored."""
        if self.told["used"] == PRETRAINED_START:
            return report
        rows = [replace(row, why="the served model has this class") for row in report.rows]
        served = f"version {self.told['version']}, which is served"
        return replace(report, restored_from=served, rows=rows)


def choose_start(job: WarmStartJob) -> StartChoice:
    """Takes the served model where it is asked for and fits, else the pretrained one.

    Raises:
        DataError: The served model's artifact was changed after it was written.
    """
    asked = job.plan.transfer.start
    told: dict[str, Any] = {"asked": asked, "used": PRETRAINED_START, "version": None, "reason": ""}
    if asked == PRETRAINED_START:
        return StartChoice(job.base_model, told)
    served = ServedStart.read(job.served_model) if job.served_model else None
    if job.served_model is None or served is None:
        return StartChoice(job.base_model, {**told, "reason": "nobody looked for what is served"})
    if served.refusal:
        return StartChoice(job.base_model, {**told, "reason": served.refusal})
    check_model(job.served_model)
    return StartChoice(job.served_model, {**told, "used": SERVED_START, "version": served.version})
