"""TransferEvaluator on models whose answers a test chooses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfx import types
from tfx.types import standard_artifacts

from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_evaluator.executor import Executor
from modules.core.arms import ARMS
from modules.settings import GateSettings
from tests.tiny_domain import serialized_example, write_examples

BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]
NAMES = ["zero", "one", "two"]
INPUTS = {
    "target_examples": standard_artifacts.Examples,
    "source_examples": standard_artifacts.Examples,
    **{f"{arm}_model": standard_artifacts.Model for arm in ARMS},
}


def records(total: int, right: Sequence[int]) -> list[bytes]:
    """Examples of which each arm gets the first so many right."""
    examples = []
    for index in range(total):
        label = index % 3
        script = [label if index < number else (label + 1) % 3 for number in right]
        examples.append(
            serialized_example(index, label, image=[",".join(map(str, script)).encode()])
        )
    return examples


def component(channels: dict[str, types.BaseChannel] | None = None, **gate: Any) -> Any:
    channels = channels or {key: types.Channel(type=kind) for key, kind in INPUTS.items()}
    return TransferEvaluator(
        target_examples=channels["target_examples"],
        source_examples=channels["source_examples"],
        models={arm: channels[f"{arm}_model"] for arm in ARMS},
        gate=GateSettings.model_validate(gate),
        seed=7,
        shots=10,
        source_name="digits",
        target_name="other_digits",
        source_fingerprint="1",
    )


class Evaluation:
    """Runs the executor; the target has as many right answers of each arm as given.

    Among the models may be one that is `served`.
    """

    def __init__(
        self,
        folder: Path,
        models: dict[str, types.Artifact],
        right: Sequence[int] = (200, 220, 290),
        total: int = 300,
        target_names: Sequence[str] = NAMES,
    ) -> None:
        target = {"eval": records(total, right), "train": []}
        source = {"eval": records(50, (50, 10, 40)), "train": []}
        self.inputs = {
            "target_examples": [write_examples(folder / "target", target, target_names)],
            "source_examples": [write_examples(folder / "source", source, NAMES)],
            **{f"{arm}_model": [model] for arm, model in models.items()},
        }
        self.evaluation = standard_artifacts.ModelEvaluation()
        self.evaluation.uri = str(folder / "evaluation")
        self.blessing = standard_artifacts.ModelBlessing()
        self.blessing.uri = str(folder / "blessing")

    def run(self, **gate: Any) -> dict[str, Any]:
        Executor(Executor.Context(beam_pipeline_args=BEAM_ARGS)).Do(
            self.inputs,
            {"evaluation": [self.evaluation], "blessing": [self.blessing]},
            component(**gate).exec_properties,
        )
        return json.loads(Path(self.evaluation.uri, "evaluation.json").read_text())
