"""Targets whose classes are not the source's, carried over, evaluated and served."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.types import artifact, channel_utils, standard_artifacts

from components.transfer_evaluator.component import TransferEvaluator
from components.transfer_evaluator.executor import Executor
from modules.core.arms import ARMS
from modules.scratch_training import run_fn as train_scratch
from modules.settings import GateSettings
from tests.modules.transfer.warm_start_result import Result, run
from tests.tiny_domain import serialized_example, write_examples
from tests.training_domain import TRANSFER_PLAN, TinyDomains, fn_args

BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]
SIZE = 12
# Each example's id holds its class, so that the data do not change with the classes' order.
KINDS = ("vertical", "horizontal", "diagonal", "cross", "frame")


@dataclass(frozen=True)
class Transfer:
    """A finished transfer to a target.

    Attributes:
        folder: Everything that was written.
        names: The target's class names, in label order.
    """

    folder: Path
    names: Sequence[str]

    @property
    def result(self) -> Result:
        return Result(self.folder)

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        return json.loads((self.folder / "evaluation" / "evaluation.json").read_text())

    @cached_property
    def answers(self) -> dict[str, dict[str, str]]:
        """Each arm's answers: class names by example id."""
        with (self.folder / "evaluation" / "predictions.csv").open() as file:
            rows = list(csv.DictReader(file))
        return {
            arm: {row["example_id"]: self.names[int(row[f"{arm}_label"])] for row in rows}
            for arm in ARMS
        }

    def served(self, arm: str = "model") -> Any:
        return tf.saved_model.load(str(self.folder / arm / "Format-Serving"))


def transfer_to(
    names: Sequence[str], domains: TinyDomains, pretrained: Path, folder: Path, **transfer: Any
) -> Transfer:
    """Runs all arms on a target with these classes, and evaluates them."""
    other = with_target(names, domains, folder)
    run(other, pretrained, folder, **transfer)
    scratch = fn_args(other.target, other.transform_graph, folder / "scratch", TRANSFER_PLAN)
    train_scratch(scratch)
    _evaluate(folder, other, pretrained)
    return Transfer(folder, names)


def with_target(names: Sequence[str], domains: TinyDomains, folder: Path) -> TinyDomains:
    """Writes a target with these classes, for the source of other domains."""
    splits = {
        "train": records(names, per_class=6, seed=3, prefix="train"),
        "eval": records(names, per_class=5, seed=4, prefix="eval"),
    }
    write_examples(folder / "target", splits, names)
    return TinyDomains(domains.source, folder / "target", domains.transform_graph)


def records(names: Sequence[str], per_class: int, seed: int, prefix: str) -> list[bytes]:
    examples = []
    for name in sorted(names):
        rng = np.random.default_rng([seed, KINDS.index(name)])
        for index in range(per_class):
            png = tf.io.encode_png(_image(name, rng)[..., np.newaxis]).numpy()
            example_id = f"{prefix}/{name}-{index:04d}".encode()
            examples.append(
                serialized_example(index, names.index(name), image=[png], example_id=[example_id])
            )
    return examples


def _image(kind: str, rng: np.random.Generator) -> np.ndarray:
    image = rng.integers(0, 60, (SIZE, SIZE)).astype(np.uint8)
    place = int(rng.integers(2, SIZE - 4))
    width = slice(place, place + 3)
    if kind in ("vertical", "cross"):
        image[:, width] = 140
    if kind in ("horizontal", "cross"):
        image[width, :] = 140
    if kind == "diagonal":
        image[np.arange(SIZE), np.clip(np.arange(SIZE) + place - SIZE // 2, 0, SIZE - 1)] = 140
    if kind == "frame":
        image[[0, 1, -2, -1], :] = 140
        image[:, [0, 1, -2, -1]] = 140
    return image


def _evaluate(folder: Path, domains: TinyDomains, pretrained: Path) -> None:
    inputs = {
        "target_examples": _artifact(standard_artifacts.Examples, domains.target),
        "source_examples": _artifact(standard_artifacts.Examples, domains.source),
        "pretrained_model": _artifact(standard_artifacts.Model, folder / "pretrained_arm"),
        "scratch_model": _artifact(standard_artifacts.Model, folder / "scratch" / "model"),
        "warm_start_model": _artifact(standard_artifacts.Model, folder / "model"),
        "base_model": _artifact(standard_artifacts.Model, pretrained / "model"),
    }
    channels = {key: channel_utils.as_channel([made]) for key, made in inputs.items()}
    component = TransferEvaluator(
        target_examples=channels["target_examples"],
        source_examples=channels["source_examples"],
        models={arm: channels[f"{arm}_model"] for arm in ARMS},
        base_model=channels["base_model"],
        gate=GateSettings(),
        seed=0,
        shots=2,
        source_name="thin strokes",
        target_name="other strokes",
        source_fingerprint="1",
    )
    outputs = {
        "evaluation": [_artifact(standard_artifacts.ModelEvaluation, folder / "evaluation")],
        "blessing": [_artifact(standard_artifacts.ModelBlessing, folder / "blessing")],
    }
    context = Executor.Context(beam_pipeline_args=BEAM_ARGS)
    Executor(context).Do(
        {key: [made] for key, made in inputs.items()}, outputs, component.exec_properties
    )


def _artifact(kind: type[artifact.Artifact], folder: Path) -> artifact.Artifact:
    made = kind()
    made.uri = str(folder)
    if isinstance(made, standard_artifacts.Examples):
        made.splits = ["train", "eval"]
    return made
