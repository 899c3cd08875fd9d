"""Six targets in one command: one pretraining, a branch each, and a bad one that fails alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from data.write_domain_shift import write_domain_shift
from pipelines.running.artifacts import metadata_in, node_of
from tests.e2e.conftest import (
    FinishedRun,
    read_result,
    warmstart,
    write_first_images_of_mnist,
)

pytestmark = pytest.mark.e2e

GOOD = ("blur", "inverted", "noise", "thick", "thin")
BAD = "records"
SEVENTH = "low_resolution"


def write_config(folder: Path, *targets: str) -> Path:
    """Writes the scenario: `records` is of a format that the first look leaves to the run."""
    own: dict[str, dict[str, Any]] = {
        "thin": {"shots": 3, "gate": {"min_gain": 0.9}},
        BAD: {"format": "tfrecord"},
    }
    config = folder / "sites.yaml"
    tree = {
        "name": "sites",
        "source": {"name": "mnist", "path": str(folder / "mnist")},
        "target": {"shots": 5},
        "targets": [{"path": str(folder / name), **own.get(name, {})} for name in targets],
        "pretraining": {"steps": 40},
        "transfer": {"steps": 6},
        "training": {"precision": "float32"},
    }
    config.write_text(yaml.safe_dump(tree))
    return config


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    write_first_images_of_mnist(folder / "mnist", train=600, t10k=100)
    for name in (*GOOD, SEVENTH):
        write_domain_shift(name, Path("data/mnist"), folder / name, limit=200)
    (folder / BAD).mkdir()
    for split in ("train", "eval"):
        (folder / BAD / f"{split}.tfrecord").write_bytes(b"no record")
    return folder


@pytest.fixture(scope="module")
def six(data: Path) -> FinishedRun:
    """Two at a time, in processes of their own."""
    config = write_config(data, *GOOD, BAD)
    done = warmstart("run", config, "--workers", "2", "--output", data / "run", timeout=900)
    return FinishedRun(done, data / "run", read_result(data / "run"))


def executions(output: Path) -> Counter[str]:
    """How often each node has done its work, the cache left out."""
    store = MetadataStore(metadata_in(output))
    complete = metadata_store_pb2.Execution.COMPLETE
    done = [each for each in store.get_executions() if each.last_known_state == complete]
    return Counter(node_of(store, each.id) for each in done)


def test_the_bad_target_fails_alone_and_is_named_with_the_reason(
    six: FinishedRun, data: Path
) -> None:
    assert six.command.code == 1, six.command.output
    verdicts = {name: entry["verdict"] for name, entry in six.result["targets"].items()}
    assert verdicts.pop(BAD) == "failed"
    assert verdicts.keys() == set(GOOD)
    assert set(verdicts.values()) <= {"blessed", "not_blessed"}
    assert str(data / BAD) in six.result["targets"][BAD]["error"]
    assert f"{BAD} failed: " in six.command.output
    assert "1 failed, the others are done." in six.command.output
    assert "Traceback" not in six.command.output


def test_there_is_one_pretraining_and_a_branch_for_each_target(six: FinishedRun) -> None:
    done = executions(six.output)
    assert done["PretrainTrainer"] == done["SourceExampleGen"] == done["Transform"] == 1
    for name in GOOD:
        assert done[f"WarmStartTrainer-{name}"] == done[f"TransferReport-{name}"] == 1
    assert done[f"ScratchTrainer-{BAD}"] == 0


def test_each_target_has_its_own_settings_gate_report_and_history(six: FinishedRun) -> None:
    targets = six.result["targets"]
    assert (targets["blur"]["target"]["shots"], targets["thin"]["target"]["shots"]) == (5, 3)
    assert targets["thin"]["verdict"] == "not_blessed"
    for name in GOOD:
        folder = six.output / "targets" / name
        own = read_result(folder)
        assert own["target"]["name"] == name
        assert own["arms"] == targets[name]["arms"]
        assert own["arms"]["warm_start"]["total"] == 100
        assert {"PretrainTrainer", "WarmStartTrainer"} <= own["seconds"].keys()
        assert (six.output / targets[name]["report"]).stat().st_size > 10_000
        assert (folder / "serving").is_dir() == (own["verdict"] == "blessed")
    listed = warmstart("history", six.output, "--format", "csv")
    assert all(f"targets/{name}" in listed.output for name in GOOD), listed.output


def test_the_overview_leads_to_every_report(six: FinishedRun) -> None:
    page = (six.output / "index.html").read_text(encoding="utf-8")
    for name in GOOD:
        assert f'href="targets/{name}/report.html"' in page
    assert str(six.output / "index.html") in six.command.output


def test_then_a_seventh_runs_its_branch_only(six: FinishedRun, data: Path) -> None:
    before = executions(six.output)
    done = warmstart("run", write_config(data, *GOOD, SEVENTH), "--output", six.output)
    assert done.code == 0, done.output
    result = read_result(six.output)
    assert list(result["targets"]) == [*GOOD, SEVENTH]
    for name in GOOD:
        assert result["targets"][name]["arms"] == six.result["targets"][name]["arms"]
    new = executions(six.output) - before
    assert {node for node in new if not node.endswith(f"-{SEVENTH}")} == set()
    assert new[f"WarmStartTrainer-{SEVENTH}"] == 1


def test_then_a_choice_is_run_and_each_of_it_must_be_blessed(six: FinishedRun, data: Path) -> None:
    config = write_config(data, *GOOD, SEVENTH)
    chosen = warmstart(
        "run", config, "--targets", "thin", "--require-blessing", "--output", six.output
    )
    assert chosen.code == 3, chosen.output
    assert list(read_result(six.output)["targets"]) == ["thin"]
    assert (six.output / "targets" / "blur" / "result.json").is_file()


def test_then_ctrl_c_saves_the_trainings_of_all_workers_and_ends_them(
    six: FinishedRun, data: Path
) -> None:
    saved = set(checkpoints(six.output))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pipelines.cli", "run", str(write_config(data, *GOOD[:2]))),
            *("--set", "transfer.steps=5000", "--workers", "2", "--output", str(six.output)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "CI": "true"},
        # In a shell's background, processes inherit that they ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "ScratchTrainer: step" in line:
            break
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert "unexpected" not in rest
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert set(checkpoints(six.output)) > saved


def checkpoints(output: Path) -> Iterator[Path]:
    return (output / "artifacts").glob("*/model_run/*/training_checkpoints/checkpoint")
