"""What the imitation of Kubeflow refuses, as the real one does; each has hidden a mistake here."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubeflow.backend.driver import BackendError, Driver, as_go_writes_it
from tests.kubeflow.backend.launcher import Launcher, TaskFailedError
from tests.kubeflow.backend.metadata import Metadata
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import ENTRYPOINT, PodServer
from tests.kubeflow.conftest import SPEC

DATASET = {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}
# Writes an output, and fails until a file on a volume says that this is the third attempt.
TASK = """
import json, os, pathlib, sys
outputs = json.loads(sys.argv[1])["outputs"]
root = os.environ["WARMSTART_STAGING_ROOT"]
model = outputs["artifacts"]["model"]["artifacts"][0]["uri"]
path = pathlib.Path(root, model.replace("://", "/"))
path.mkdir()
(path / "weights").write_text("0.5")
print("attempt")
attempts = pathlib.Path(root).parent / "attempts"
attempts.write_text(attempts.read_text() + "1" if attempts.exists() else "1")
sys.exit(len(attempts.read_text()) < 3)
"""


def imported(uri_of_importer: dict[str, Any], uri_of_task: dict[str, Any]) -> dict[str, Any]:
    """A pipeline that imports data for its task."""
    spec = copy.deepcopy(SPEC)
    spec["deploymentSpec"]["executors"]["exec-data"] = {
        "importer": {"artifactUri": uri_of_importer, "typeSchema": DATASET}
    }
    spec["components"]["data"] = {
        "executorLabel": "exec-data",
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {"artifact": {"artifactType": DATASET}}},
    }
    tasks = spec["root"]["dag"]["tasks"]
    tasks["data"] = {
        "taskInfo": {"name": "data"},
        "componentRef": {"name": "data"},
        "inputs": {"parameters": {"uri": uri_of_task}},
    }
    producer = {"producerTask": "data", "outputArtifactKey": "artifact"}
    tasks["train"]["inputs"]["artifacts"] = {"data": {"taskOutputArtifact": producer}}
    tasks["train"]["dependentTasks"] = ["data"]
    return spec


def retried(**policy: Any) -> dict[str, Any]:
    """A pipeline whose task succeeds in its third attempt."""
    spec = copy.deepcopy(SPEC)
    executor = {"container": {"image": "i", "command": ["python", "-c", TASK], "args": ["{{$}}"]}}
    spec["deploymentSpec"]["executors"]["exec-train"] = executor
    type_ = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
    spec["components"]["train"]["outputDefinitions"] = {
        "artifacts": {"model": {"artifactType": type_}}
    }
    spec["root"]["dag"]["tasks"]["train"]["retryPolicy"] = policy
    return spec


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    store = ObjectStore()
    yield store
    store.close()


def launch(spec: dict[str, Any], root: Path, store: ObjectStore, **options: Any) -> Launcher:
    file = root / "p.yaml"
    file.write_text(yaml.safe_dump(spec))
    driver = Driver(file, "s3://bucket/runs", options.pop("parameters", {}))
    launcher = Launcher(driver, store, root / "disks", processes={"train"}, **options)
    launcher.run()
    return launcher


def test_an_importer_finds_no_parameter_that_is_not_the_runs(
    tmp_path: Path, store: ObjectStore
) -> None:
    constant = {"runtimeValue": {"constant": "s3://bucket/data"}}
    spec = imported({"runtimeParameter": "uri"}, constant)
    with pytest.raises(BackendError, match="cannot find parameter"):
        launch(spec, tmp_path, store)


@pytest.mark.parametrize(
    ("uri", "value"),
    [
        (
            {"constant": "s3://elsewhere/data"},
            {"runtimeValue": {"constant": "s3://elsewhere/data"}},
        ),
        ({"runtimeParameter": "uri"}, {"componentInputParameter": "target_path"}),
    ],
    ids=["constant", "parameter of the run"],
)
def test_the_launcher_reaches_no_other_bucket(
    tmp_path: Path, store: ObjectStore, uri: Any, value: Any
) -> None:
    with pytest.raises(BackendError, match="failed to get bucket elsewhere"):
        launch(
            imported(uri, value), tmp_path, store, parameters={"target_path": "s3://elsewhere/data"}
        )


@pytest.mark.parametrize("marker", ["data/", "data/train/"])
def test_a_folder_made_in_an_s3_console_kills_the_launcher(
    tmp_path: Path, store: ObjectStore, marker: str
) -> None:
    base = f"s3://bucket/{marker.count('/')}"
    store.put(f"{base}/data/train/7.png", b"image")
    store.put(f"{base}/{marker}", b"")
    value = {"runtimeValue": {"constant": f"{base}/data"}}
    with pytest.raises(BackendError, match="failed to download"):
        launch(imported({"constant": f"{base}/data"}, value), tmp_path, store)


def test_a_task_is_retried_within_the_window_and_its_last_logs_are_kept(
    tmp_path: Path, store: ObjectStore
) -> None:
    spec = retried(maxRetryCount=2, backoffMaxDuration="7200s")
    launcher = launch(spec, tmp_path, store, hours={"train": 0.9})
    assert launcher.attempts == {"train": 3}
    assert launcher.read("train", "model", "weights") == b"0.5"
    logs = launcher.artifact("train", "executor-logs")["uri"]
    assert logs.startswith("s3://bucket/runs/mnist-to-optdigits/")
    assert logs.endswith("/executor-logs-2")
    assert store.read(logs) == b"attempt\n"


@pytest.mark.parametrize(
    ("policy", "attempts"),
    [
        ({"maxRetryCount": 2, "backoffMaxDuration": "600s"}, 1),
        ({"maxRetryCount": 2, "backoffMaxDuration": "5400s"}, 2),
        ({"maxRetryCount": 2}, 1),
        ({"maxRetryCount": 1, "backoffMaxDuration": "7200s"}, 2),
    ],
    ids=["over after ten minutes", "over in the second", "no window, no retry", "too few retries"],
)
def test_no_task_is_retried_after_the_window(
    tmp_path: Path, store: ObjectStore, policy: dict[str, Any], attempts: int
) -> None:
    with pytest.raises(TaskFailedError, match=f"in attempt {attempts}"):
        launch(retried(**policy), tmp_path, store, hours={"train": 0.9})


def test_metadata_come_back_without_a_type_and_without_booleans() -> None:
    metadata = Metadata()
    schema = {
        "instanceSchema": "title: tfx.Examples\ntype: object\nproperties:\n"
        "  span:\n    type: integer\n  split_names:\n    type: string\n"
    }
    given = {"span": 0.0, "split_names": '["train"]', "pushed": True, "sizes": [1.0, 2.5]}
    artifact = metadata.runtime_artifact(metadata.record("examples", "s3://b/k", schema, given))
    assert artifact["type"] == {"instanceSchema": ""}
    told = artifact["metadata"]
    assert (told["pushed"], told["sizes"], told["display_name"]) == (1, [1.0, 2.5], "examples")
    with pytest.raises(AssertionError, match="null"):
        metadata.record("examples", "s3://b/k", schema, {"span": None})


def test_whole_numbers_have_no_point() -> None:
    given = {"inputs": {"parameterValues": {"seed": 3.0, "rate": 0.25, "list": [1.0]}}}
    text = as_go_writes_it(given)
    assert json.loads(text)["inputs"]["parameterValues"] == {"seed": 3, "rate": 0.25, "list": [1]}
    assert "3.0" not in text


def test_a_task_that_was_done_is_done_again_only_if_its_inputs_differ(
    tmp_path: Path, store: ObjectStore
) -> None:
    spec = retried(maxRetryCount=2, backoffMaxDuration="7200s")
    task = spec["root"]["dag"]["tasks"]["train"]
    first = launch(spec, tmp_path, store)
    uncached = first.next_run(tmp_path / "uncached")
    uncached.run()
    assert (set(uncached.attempts), uncached.cached) == ({"train"}, set())

    task["cachingOptions"] = {"enableCache": True}
    done = launch(spec, tmp_path, store)
    again = done.next_run(tmp_path / "again")
    again.run()
    assert (again.attempts, again.cached) == ({}, {"train"})
    assert again.artifact("train", "model") == done.artifact("train", "model")
    with_other = again.next_run(tmp_path / "other", shots=1)
    with_other.run()
    assert (set(with_other.attempts), with_other.cached) == ({"train"}, set())


def test_what_starts_with_a_failing_task_ends_and_nothing_starts_after_it(
    tmp_path: Path, store: ObjectStore
) -> None:
    spec = retried()
    tasks = spec["root"]["dag"]["tasks"]
    tasks["a-train"] = copy.deepcopy(tasks["train"])
    tasks["after"] = copy.deepcopy(tasks["train"]) | {"dependentTasks": ["a-train"]}
    # The second of the two succeeds.
    (tmp_path / "disks").mkdir()
    (tmp_path / "disks" / "attempts").write_text("1")
    file = tmp_path / "p.yaml"
    file.write_text(yaml.safe_dump(spec))
    launcher = Launcher(
        Driver(file, "s3://bucket/runs", {}), store, tmp_path / "disks", processes=set(tasks)
    )
    with pytest.raises(TaskFailedError, match=r"^a-train: exit code 1"):
        launcher.run()
    assert launcher.attempts == {"a-train": 1, "train": 1}
    assert launcher.read("train", "model", "weights") == b"0.5"


def test_a_pod_that_ends_before_its_start_is_read_has_ended(tmp_path: Path) -> None:
    code = "input(); print(7, 0, sep='\\n', flush=True); input()"
    server = PodServer(tmp_path / "server.txt", [sys.executable, "-c", code])
    pod = server.start(ENTRYPOINT, {}, tmp_path / "log.txt")
    assert (pod.pid, pod.wait(timeout=10)) == (7, 0)
    server.close()
