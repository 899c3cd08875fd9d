"""The one command that a run prints for TensorBoard shows its trainings and its features."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import FinishedRun

pytestmark = pytest.mark.e2e

TENSORBOARD = Path(sys.executable).with_name("tensorboard")
SECONDS = 90.0
EMBEDDINGS = ["after the transfer", "before the transfer"]

Fetch = Callable[..., bytes]


@pytest.fixture(scope="module")
def fetch(quick_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetch]:
    """Asks a TensorBoard that was started as the run told."""
    if not TENSORBOARD.exists():
        pytest.skip("tensorboard is missing: make setup")
    (printed,) = re.findall(r"^TensorBoard +(.*)$", quick_run.command.output, re.MULTILINE)
    program, *arguments = shlex.split(printed)
    assert program == "tensorboard"
    log = tmp_path_factory.mktemp("tensorboard") / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(TENSORBOARD), *arguments, "--host", "127.0.0.1", "--port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        address = wait_for(lambda: re.search(r"http://[\w.]+:\d+/", log.read_text()), process, log)

        def get(route: str, **query: str) -> bytes:
            url = f"{address[0]}data/{route}?{urllib.parse.urlencode(query)}"
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                return answer.read()

        # It reads the files while it answers.
        wait_for(lambda: projector_runs(get), process, log)
        yield get
    finally:
        process.kill()
        process.wait()


def wait_for(found: Callable[[], Any], process: subprocess.Popen[bytes], log: Path) -> Any:
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if result := found():
            return result
        time.sleep(0.3)
    pytest.fail(log.read_text())


def projector_runs(fetch: Fetch) -> list[str]:
    runs = json.loads(fetch("plugin/projector/runs"))
    return [run for run in runs if run.startswith("TransferReport/report/")]


@pytest.fixture(scope="module")
def run(fetch: Fetch) -> str:
    # Other tests may have run in the folder, too.
    return min(projector_runs(fetch), key=lambda run: int(run.split("/")[2]))


def test_each_training_has_its_scalars(fetch: Fetch) -> None:
    tags = json.loads(fetch("plugin/scalars/tags"))
    for trainer in ("PretrainTrainer", "ScratchTrainer", "WarmStartTrainer"):
        own = {tag for run in tags if run.startswith(f"{trainer}/model_run/") for tag in tags[run]}
        assert {"loss", "learning_rate"} <= own


def test_the_projector_has_the_features_of_every_evaluated_image(
    fetch: Fetch, run: str, quick_run: FinishedRun
) -> None:
    info = json.loads(fetch("plugin/projector/info", run=run))["embeddings"]
    assert [embedding["tensorName"] for embedding in info] == EMBEDDINGS
    examples = quick_run.result["target"]["eval_examples"]
    tensors = []
    for embedding in info:
        rows, columns = embedding["tensorShape"]
        assert rows == examples
        answer = fetch("plugin/projector/tensor", run=run, name=embedding["tensorName"])
        tensors.append(np.frombuffer(answer, np.float32).reshape(rows, columns))
    assert np.abs(tensors[0] - tensors[1]).max() > 0.1


def test_each_point_has_its_class_answers_and_picture(
    fetch: Fetch, run: str, quick_run: FinishedRun
) -> None:
    for name in EMBEDDINGS:
        header, *rows = fetch("plugin/projector/metadata", run=run, name=name).decode().splitlines()
        assert header.split("\t")[:2] == ["class", "before the transfer"]
        assert len(rows) == quick_run.result["target"]["eval_examples"]
        assert {row.split("\t")[0] for row in rows} == set(quick_run.result["target"]["classes"])
        picture = fetch("plugin/projector/sprite_image", run=run, name=name)
        assert picture.startswith(b"\x89PNG")
