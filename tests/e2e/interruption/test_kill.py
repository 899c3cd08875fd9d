"""A run that is killed anywhere, again and again, ends as an undisturbed one: bit by bit.

WARMSTART_KILLS says how often; the stages of the kills are printed.
"""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from modules.models.checkpointing import read_checkpoint_metadata
from modules.report.evidence.learning_curves import read_curves
from modules.training.checkpoints import CHECKPOINT_FOLDER
from modules.training.record import TRAINING_FILE
from tests.e2e.conftest import (
    FinishedRun,
    quick_overrides,
    read_idx,
    read_result,
)
from tests.e2e.interruption.killed_run import START, KillableRun

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("WARMSTART_KILLS", "4"))
TRAINERS = ("PretrainTrainer", "ScratchTrainer", "WarmStartTrainer")
LAST = ("TransferEvaluator", "Pusher", "TransferReport")
# Checkpoints more often than by default, so that a short training has several.
OVERRIDES = ("training.checkpoint_every_steps=20",)
FIGURES = ("source", "target", "arms", "comparisons", "verdict", "reasons", "warm_start", "seed")

Execution = metadata_store_pb2.Execution


def choose_stages(components: list[str], kills: int, chance: random.Random) -> list[str]:
    """Spreads the kills: start, data, training and what follows in turn, in order of execution.

    Within each, every stage has its turn before any has a second one.
    """
    data = [name for name in components if name not in (*TRAINERS, *LAST)]
    groups = ([START], TRAINERS, data, LAST)
    turns = [itertools.cycle(chance.sample(group, len(group))) for group in groups]
    chosen = [next(turns[number % len(turns)]) for number in range(kills)]
    return sorted(chosen, key=[START, *components].index)


def is_reached(stage: str, output: Path) -> Callable[[KillableRun], bool]:
    """The moment at which a stage is at work; of a training, when it has got further."""
    if stage == START:
        return lambda run: True
    if stage not in TRAINERS:
        return lambda run: f"Component {stage} is running." in run.log
    before = saved_steps(output, stage)
    finished = f"Component {stage} is finished."
    return lambda run: saved_steps(output, stage)[-1:] > before[-1:] or finished in run.log


def saved_steps(output: Path, trainer: str) -> list[int]:
    """Steps of all checkpoints of a training, ascending."""
    runs = (output / "artifacts" / trainer / "model_run").glob("*")
    return sorted(
        int(path.stem.rpartition("-")[2])
        for run in runs
        for path in (run / CHECKPOINT_FOLDER).glob("ckpt-*.index")
    )


def assert_it_went_on(run: KillableRun, interrupted: tuple[str, int] | None) -> None:
    """Checks that a run which completed a training did so from the latest checkpoint."""
    if interrupted:
        trainer, step = interrupted
        _, _, log = run.log.partition(f"Component {trainer} is running.")
        training, finished, _ = log.partition(f"Component {trainer} is finished.")
        if finished and "A cached execution" not in training:
            assert f"Resumed from step {step}." in training


def assert_nothing_is_half(output: Path) -> None:
    with sqlite3.connect(output / "metadata.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for version in (output / "serving").glob("[0-9]*"):
        assert (version / "saved_model.pb").is_file()
        assert (version / "variables" / "variables.index").is_file()


def executions(output: Path) -> list[tuple[str, metadata_store_pb2.Execution]]:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(output / "metadata.db")
    store = MetadataStore(connection)
    return [
        (context.name.rpartition(".")[2], execution)
        for execution in store.get_executions()
        for context in store.get_contexts_by_execution(execution.id)
        if context.type == "node"
    ]


def first_execution(folder: Path, file: str) -> Path:
    """Returns the first that got as far as a file: one killed before it may have left its folder.

    Other tests go on in the folder of the quick run, so that there may be later ones.
    """
    complete = (path.parent for path in folder.glob(f"*/{file}"))
    return min(complete, key=lambda path: int(path.name))


def weights(output: Path, trainer: str) -> str:
    model = first_execution(output / "artifacts" / trainer / "model", "SHA256SUMS")
    return str(read_checkpoint_metadata(str(model / "checkpoint"))["fingerprint"])


def model_run(output: Path, trainer: str) -> str:
    return str(first_execution(output / "artifacts" / trainer / "model_run", TRAINING_FILE))


def predictions(result: dict[str, Any]) -> bytes:
    """Probabilities that the pushed model gives for the target's eval split."""
    model = tf.saved_model.load(result["pushed_to"])
    images = read_idx(Path("data/optdigits/t10k-images-idx3-ubyte.gz"))
    answers = model.signatures["predict_images"](images=tf.constant(images[..., np.newaxis]))
    return bytes(answers["probabilities"].numpy().tobytes())


@pytest.mark.timeout(240 * KILLS)
def test_it_ends_as_an_undisturbed_run(
    small_mnist: Path,
    quick_run: FinishedRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "output"
    overrides = (*quick_overrides(small_mnist), *OVERRIDES)
    usual = quick_run.result["seconds"]
    components = [name for name in usual if name not in ("total", START)]
    chance = random.Random(KILLS)
    stages: list[str] = []
    interrupted: tuple[str, int] | None = None
    for planned in choose_stages(components, KILLS, chance):
        moment = is_reached(planned, output)
        delay = chance.uniform(0, 0.5 if planned in TRAINERS else 0.8 * usual[planned])
        run = KillableRun(output, *overrides)
        stage = run.kill_when(moment, delay)
        stages.append(stage or "nothing: it had ended")
        assert_it_went_on(run, interrupted)
        if stage in TRAINERS and (steps := saved_steps(output, stage)):
            interrupted = stage, steps[-1]
        if stage != START:
            assert_nothing_is_half(output)
    with capsys.disabled():
        print(f"\nkilled in: {', '.join(stages)}")

    last = KillableRun(output, *overrides)
    assert last.finish() == 0, last.log
    assert_it_went_on(last, interrupted)
    result = read_result(output)
    assert {name: result[name] for name in FIGURES} == {
        name: quick_run.result[name] for name in FIGURES
    }
    for trainer in TRAINERS:
        assert weights(output, trainer) == weights(quick_run.output, trainer)
        assert read_curves(model_run(output, trainer)) == read_curves(
            model_run(quick_run.output, trainer)
        )
    assert predictions(result) == predictions(quick_run.result)

    assert_nothing_is_half(output)
    assert [path.name for path in (output / "serving").iterdir()] == [
        Path(result["pushed_to"]).name
    ]
    done = [
        (name, execution.id)
        for name, execution in executions(output)
        if execution.last_known_state == Execution.COMPLETE
    ]
    assert Counter(name for name, _ in done) == Counter(components)
    assert {execution.last_known_state for _, execution in executions(output)} <= {
        Execution.COMPLETE,
        Execution.CACHED,
        Execution.CANCELED,
    }
    folders = {
        (path.parts[-3], int(path.name))
        for path in (output / "artifacts").glob("*/[!.]*/*")
        if path.is_dir()
    }
    assert folders == set(done)
