"""On a terminal of 80 columns: the display, Ctrl-C within a training, and the run that goes on."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from modules.core.interruption import STOPPING_AFTER_STEP
from modules.training.checkpoints import CHECKPOINT_FOLDER
from tests.e2e.conftest import FinishedRun, quick_overrides, set_options
from tests.e2e.terminal import terminal_of

pytestmark = pytest.mark.e2e

STEPS = 20_000


def test_ctrl_c_saves_the_training_and_the_next_run_goes_on_from_there(
    quick_run: FinishedRun, small_mnist: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a folder whose path is longer than the terminal is wide" / "output"
    output.mkdir(parents=True)
    # The data come from the quick run's cache; the training is another one.
    shutil.copy(quick_run.output / "metadata.db", output)
    overrides = [*quick_overrides(small_mnist), f"pretraining.steps={STEPS}"]
    command = [
        *(sys.executable, "-m", "pipelines.cli", "run", "configs/mnist_to_optdigits.yaml"),
        *set_options([*overrides, "training.checkpoint_every_steps=10000"]),
        *("--output", str(output)),
    ]
    with terminal_of(80, 24, tmp_path / "recording") as terminal:
        terminal.run(command)
        terminal.wait_for(r"PretrainTrainer +\S+ [\d,]+/20,000  .* left  loss \d")
        terminal.wait_for(r"component 9 of 15 +\S+ \d:\d\d  about \d+ \w+ left")
        assert "  Transform               cached" in terminal.lines
        terminal.press("C-c")
        terminal.wait_for(STOPPING_AFTER_STEP, seconds=10)
        assert terminal.wait_for_the_end() == 130
        saved = int(terminal.wait_for(r"The training is saved at step (\d+) of 20000\.")[1])
        assert saved > 0
        assert terminal.is_cursor_shown
        assert max(map(len, terminal.lines)) <= 80
        (run,) = (output / "artifacts" / "PretrainTrainer" / "model_run").iterdir()
        assert (run / CHECKPOINT_FOLDER / f"ckpt-{saved}.index").exists()

        terminal.run(command)
        terminal.wait_for(rf"^  PretrainTrainer goes on from step {saved} of 20000$")
        terminal.wait_for(r"PretrainTrainer +\S+ \d")
        terminal.press("C-c")
        terminal.wait_for("Stopping", seconds=10)
        time.sleep(0.4)  # Else the second one would be the first one over again.
        terminal.press("C-c")  # A quick machine may have ended by then.
        assert terminal.wait_for_the_end(seconds=20) == 130
        assert terminal.is_cursor_shown
        # A library's warnings, or TensorFlow's log lines.
        assert not re.search(r"\w+Warning|oneDNN| [IWE] tensorflow", terminal.recording)
    assert not list(output.rglob("*.partial*"))
    with sqlite3.connect(output / "metadata.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
