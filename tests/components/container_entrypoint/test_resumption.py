"""ResumableOutput: only the retry of an interrupted task finds what the task wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.container_entrypoint.resumption import ResumableOutput

URI = "s3://bucket/pipelines/run/pretrain-trainer/model_run"


class Pod:
    """One attempt: an empty disk, and the volume that outlives it."""

    def __init__(self, root: Path, name: str, uri: str = URI) -> None:
        self.path = root / name / "model_run"
        self.output = ResumableOutput(root / "volume", uri, self.path)


def test_a_retry_finds_what_the_killed_attempt_wrote(tmp_path: Path) -> None:
    first, second = Pod(tmp_path, "first"), Pod(tmp_path, "second")
    assert not first.output.open()
    (first.path / "ckpt-1").write_text("step 200")
    assert second.output.open()
    assert (second.path / "ckpt-1").read_text() == "step 200"


def test_another_task_finds_nothing(tmp_path: Path) -> None:
    first = Pod(tmp_path, "first")
    first.output.open()
    (first.path / "ckpt-1").write_text("step 200")
    assert not Pod(tmp_path, "other", uri=URI + "-2").output.open()


def test_a_complete_output_is_a_real_folder_and_the_volume_is_free(tmp_path: Path) -> None:
    pod = Pod(tmp_path, "first")
    pod.output.open()
    (pod.path / "logs").mkdir()
    (pod.path / "logs" / "events").write_text("scalars")
    pod.output.close()
    assert not pod.path.is_symlink()
    assert (pod.path / "logs" / "events").read_text() == "scalars"
    assert list(pod.path.parent.iterdir()) == [pod.path]
    assert list((tmp_path / "volume").iterdir()) == []


@pytest.mark.parametrize("left", ["link", "folder"])
def test_a_retry_in_the_same_pod_works_too(tmp_path: Path, left: str) -> None:
    pod = Pod(tmp_path, "first")
    if left == "link":
        pod.output.open()
        (pod.path / "ckpt-1").write_text("step 200")
        assert pod.output.open()
    else:
        pod.path.mkdir(parents=True)
        (pod.path / "leftover").touch()
        assert not pod.output.open()
        assert list(pod.path.iterdir()) == []
