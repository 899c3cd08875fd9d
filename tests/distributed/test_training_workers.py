"""Two worker processes on loopback train what one process trains, and only the chief writes."""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules import pretraining, scratch_training
from modules.core.errors import TrainingError
from modules.core.interruption import Interrupted, signals_heard, stop_requested
from modules.core.progress import PROGRESS_LOGGER, Progress
from modules.models.checkpointing import read_checkpoint_metadata, read_checkpoint_variables
from modules.settings import (
    CenterLossSettings,
    EarlyStoppingSettings,
    NetworkSettings,
    Settings,
)
from modules.training.checkpoints import CHECKPOINT_FOLDER
from modules.training.record import TrainingRecord
from modules.transfer.warm_start import run_warm_start
from tests.training_domain import (
    PRETRAINING,
    PRETRAINING_PLAN,
    TRAINING,
    TRANSFER,
    TRANSFER_PLAN,
    TinyDomains,
    fn_args,
    stroke_records,
    warm_start_job,
)

pytestmark = pytest.mark.e2e

# Slow learning: the losses of all steps stay large enough to be compared.
BUDGET = PRETRAINING.model_copy(update={"steps": 120, "learning_rate": 1e-4})
ONE = TRAINING.model_copy(update={"workers": 1})
TWO = TRAINING.model_copy(update={"workers": 2, "sharding": "data"})
_FINGERPRINT = re.compile(r"Worker (\d): .*fingerprint is (\w+)")
_PROCESS = re.compile(r"Worker (\d) is process (\d+)")


class Logs(logging.Handler):
    """What the supervisor logs, the workers' lines among it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def found(self, pattern: re.Pattern[str]) -> dict[str, str]:
        """By the number of the worker, what its last fitting line says."""
        matches = filter(None, map(pattern.search, list(self.lines)))
        return {match[1]: match[2] for match in matches}


def logged(train: Callable[[], object]) -> Logs:
    logs, logger = Logs(), logging.getLogger("modules")
    level = logger.level
    logger.addHandler(logs)
    logger.setLevel(logging.INFO)
    try:
        train()
    finally:
        logger.removeHandler(logs)
        logger.setLevel(level)
    return logs


def pretrain(domains: TinyDomains, output: Path, **changes: Settings) -> Path:
    plan = PRETRAINING_PLAN.model_copy(update={"pretraining": BUDGET, "training": TWO, **changes})
    pretraining.run_fn(fn_args(domains.source, domains.transform_graph, output, plan))
    return output


def losses(run: Path) -> dict[int, float]:
    """The losses in TensorBoard's file, of which there must be one."""
    (file,) = run.glob("events.out.tfevents.*")
    events = map(
        tf.compat.v1.Event.FromString, tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    )
    return {
        event.step: float(tf.make_ndarray(value.tensor))
        for event in events
        for value in event.summary.value
        if value.tag == "loss"
    }


def assert_same_losses(run: Path, expected: Path, rtol: float = 1e-3) -> None:
    found, wanted = losses(run), losses(expected)
    assert found.keys() == wanted.keys()
    np.testing.assert_allclose(list(found.values()), list(wanted.values()), rtol=rtol)


def assert_same_weights_on_both(logs: Logs, model: Path) -> None:
    fingerprint = read_checkpoint_metadata(str(model / "checkpoint"))["fingerprint"]
    assert logs.found(_FINGERPRINT) == {"0": fingerprint, "1": fingerprint}


@pytest.fixture(scope="module")
def one_process(tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pretrain(tiny_domains, tmp_path_factory.mktemp("one_process"), training=ONE)


@pytest.fixture(scope="module")
def two_workers(
    tiny_domains: TinyDomains, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Logs]:
    output = tmp_path_factory.mktemp("two_workers")
    return output, logged(lambda: pretrain(tiny_domains, output))


def test_two_workers_train_as_one_process_at_the_same_global_batch(
    one_process: Path, two_workers: tuple[Path, Logs]
) -> None:
    assert_same_losses(two_workers[0] / "model_run", one_process / "model_run")
    ours, theirs = (
        read_checkpoint_variables(str(output / "model" / "checkpoint"))
        for output in (two_workers[0], one_process)
    )
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, atol=2e-4, err_msg=name)


def test_both_workers_end_with_the_same_weights(two_workers: tuple[Path, Logs]) -> None:
    output, logs = two_workers
    assert_same_weights_on_both(logs, output / "model")


def test_the_chief_alone_writes(one_process: Path, two_workers: tuple[Path, Logs]) -> None:
    def written(output: Path) -> list[str]:
        names = [str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()]
        return sorted(re.sub(r"(tfevents)\..*", r"\1", name) for name in names)

    assert written(two_workers[0]) == written(one_process)
    record = TrainingRecord.read(str(two_workers[0] / "model_run"))
    assert (record.steps, record.labelled_examples) == (BUDGET.steps, 90)


def test_what_the_chief_exports_needs_no_workers(
    one_process: Path, two_workers: tuple[Path, Logs]
) -> None:
    records = stroke_records(10, seed=9)
    answers = []
    for output in (two_workers[0], one_process):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            path = str(output / "model" / "Format-Serving")
            loaded = tf.compat.v1.saved_model.load(session, ["serve"], path)
            signature = loaded.signature_def["serving_default"]
            examples = {signature.inputs["examples"].name: records}
            answers.append(session.run(signature.outputs["class_name"].name, examples))
    np.testing.assert_array_equal(*answers)


def test_workers_that_read_their_own_files_train_as_one_process_on_the_whole(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    # All examples in each step: then the workers' own orders make no difference.
    # No loss falls by 1 again after the first window: both end early, at the same step.
    rule = EarlyStoppingSettings(min_delta=1.0, window=3, patience=2)
    whole = BUDGET.model_copy(update={"steps": 30, "batch_size": 90, "early_stopping": rule})
    by_file = TWO.model_copy(update={"sharding": "auto"})
    one = pretrain(tiny_domains, tmp_path / "one", pretraining=whole, training=ONE)
    two = tmp_path / "two"
    logs = logged(lambda: pretrain(tiny_domains, two, pretraining=whole, training=by_file))
    shares = re.compile(r"Worker (\d): .*Sharding by file: worker \d reads (\d of \d)")
    assert logs.found(shares) == {"0": "1 of 2", "1": "1 of 2"}
    assert_same_losses(two / "model_run", one / "model_run")
    assert_same_weights_on_both(logs, two / "model")
    record = TrainingRecord.read(str(two / "model_run"))
    assert (record.labelled_examples, record.steps) == (90, 9)
    assert record.stopped


def test_a_warm_start_on_two_workers_moves_the_centers_as_one_process_does(
    tiny_domains: TinyDomains, one_process: Path, tmp_path: Path
) -> None:
    center_loss = CenterLossSettings(weight=0.1, alpha=0.5)
    transfer = TRANSFER.model_copy(update={"center_loss": center_loss})

    def run(name: str, workers: int) -> Path:
        training = TWO.model_copy(update={"workers": workers})
        changes = {"training": training, "transfer": transfer, "seed": 3}
        plan = TRANSFER_PLAN.model_copy(update=changes)
        output = tmp_path / name
        run_warm_start(warm_start_job(tiny_domains, one_process / "model", output, plan))
        return output

    def centers(output: Path) -> np.ndarray:
        folder = str(output / "model_run" / CHECKPOINT_FOLDER)
        reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
        (name,) = (name for name in reader.get_variable_to_shape_map() if "centers" in name)
        return reader.get_tensor(name)

    one = run("one", 1)
    logs = logged(lambda: run("two", 2))
    assert_same_losses(tmp_path / "two" / "model_run", one / "model_run")
    np.testing.assert_allclose(centers(tmp_path / "two"), centers(one), atol=1e-4)
    assert_same_weights_on_both(logs, tmp_path / "two" / "model")
    assert (tmp_path / "two" / "mapping_report" / "mapping_report.json").exists()


def test_the_scratch_control_with_dropout_keeps_the_workers_equal(
    tiny_domains: TinyDomains, tmp_path: Path
) -> None:
    # Dropout draws for each worker's examples: one process draws otherwise, and is not compared.
    dropout = NetworkSettings(image_size=12, dropout=0.5)
    plan = TRANSFER_PLAN.model_copy(update={"network": dropout, "training": TWO})
    arguments = fn_args(tiny_domains.target, tiny_domains.transform_graph, tmp_path, plan)
    logs = logged(lambda: scratch_training.run_fn(arguments))
    assert_same_weights_on_both(logs, tmp_path / "model")


def test_ctrl_c_saves_the_last_step_of_both_workers_which_then_go_on_to_the_same_result(
    tiny_domains: TinyDomains,
    two_workers: tuple[Path, Logs],
    tmp_path: Path,
    ctrl_c_not_ignored: None,
) -> None:
    rarely = TWO.model_copy(update={"checkpoint_every_steps": 1000})

    class CtrlC(logging.Handler):
        """Presses Ctrl-C as soon as the chief reports a step."""

        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, Progress) and not stop_requested():
                os.kill(os.getpid(), signal.SIGINT)

    presses, logger = CtrlC(), logging.getLogger(PROGRESS_LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(presses)
    try:
        saved = pytest.raises(Interrupted, match=r"saved at step \d+ of 120\.$")
        with saved as interrupt, signals_heard(lambda text: None):
            pretrain(tiny_domains, tmp_path, training=rarely)
    finally:
        logger.removeHandler(presses)
    step = re.findall(r"\d+", str(interrupt.value))[0]
    (checkpoint,) = (tmp_path / "model_run" / CHECKPOINT_FOLDER).glob("ckpt-*.index")
    assert checkpoint.stem == f"ckpt-{step}"
    with signals_heard(lambda text: None):
        again = logged(lambda: pretrain(tiny_domains, tmp_path, training=rarely))
    resumed = again.found(re.compile(r"Worker (\d): .*Resumed from step (\d+)"))
    assert resumed == {"0": step, "1": step}
    expected = read_checkpoint_variables(str(two_workers[0] / "model" / "checkpoint"))
    for name, value in read_checkpoint_variables(str(tmp_path / "model" / "checkpoint")).items():
        np.testing.assert_array_equal(value, expected[name])


def test_a_killed_worker_ends_the_training_which_then_resumes_to_the_same_result(
    tiny_domains: TinyDomains, two_workers: tuple[Path, Logs], tmp_path: Path
) -> None:
    killed: dict[str, float] = {}
    logs, logger = Logs(), logging.getLogger("modules")

    def kill() -> None:
        checkpoints = tmp_path / "model_run" / CHECKPOINT_FOLDER
        while not list(checkpoints.glob("ckpt-*.index")):
            time.sleep(0.01)
        os.kill(int(logs.found(_PROCESS)["1"]), signal.SIGKILL)
        killed["at"] = time.monotonic()

    threading.Thread(target=kill, daemon=True).start()
    logger.addHandler(logs)
    logger.setLevel(logging.INFO)
    try:
        with pytest.raises(TrainingError, match=r"Worker 1 of 2 .*SIGKILL.*resume from the last"):
            pretrain(tiny_domains, tmp_path)
    finally:
        logger.removeHandler(logs)
    assert time.monotonic() - killed["at"] < 15
    for process in logs.found(_PROCESS).values():
        assert not Path("/proc", process).exists()
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model_run" / "training.json").exists()

    again = logged(lambda: pretrain(tiny_domains, tmp_path))
    resumed = again.found(re.compile(r"Worker (\d): .*Resumed from step (\d+)"))
    assert resumed["0"] == resumed["1"]
    assert 10 <= int(resumed["0"]) < BUDGET.steps
    expected = read_checkpoint_variables(str(two_workers[0] / "model" / "checkpoint"))
    for name, value in read_checkpoint_variables(str(tmp_path / "model" / "checkpoint")).items():
        np.testing.assert_array_equal(value, expected[name])
