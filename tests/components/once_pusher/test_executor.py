"""OncePusher: what is pushed, when, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from tfx.dsl.components.base import base_executor
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts

from components.once_pusher.executor import Executor
from modules.core.checksums import CHECKSUMS_FILE, check_checksums
from modules.models.served_version import owner_mark
from modules.models.serving_folder import OWNER_FILE, RUN_FILE


class Push:
    """One execution of the Pusher, which may be attempted several times."""

    def __init__(
        self,
        root: Path,
        name: str,
        *,
        model: str = "model",
        blessed: bool = True,
        arm: str = "warm_start",
        run: str = "",
    ) -> None:
        self.model = standard_artifacts.Model()
        self.model.uri = str(root / model)
        self.serving = root / "serving"
        self._blessing = standard_artifacts.ModelBlessing()
        self._blessing.set_int_custom_property("blessed", int(blessed))
        self._blessing.set_string_custom_property("pushed_arm", arm)
        if run:
            self._blessing.set_string_custom_property("run", run)
        self._others = {}
        for other in ("pretrained", "scratch"):
            artifact = standard_artifacts.Model()
            artifact.uri = str(root / other)
            (root / other / "Format-Serving").mkdir(parents=True, exist_ok=True)
            (root / other / "Format-Serving" / "saved_model.pb").write_text(f"graph of {other}")
            self._others[f"{other}_model"] = [artifact]
        self._pushed_uri = str(root / "pushed" / name)
        saved_model = root / model / "Format-Serving"
        (saved_model / "variables").mkdir(parents=True, exist_ok=True)
        (saved_model / "saved_model.pb").write_bytes(b"graph")
        (saved_model / "variables" / "variables.index").write_bytes(b"weights")

    def attempt(self) -> standard_artifacts.PushedModel:
        destination = pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(self.serving))
        )
        pushed = standard_artifacts.PushedModel()
        pushed.uri = self._pushed_uri
        Executor(base_executor.BaseExecutor.Context()).Do(
            {"model": [self.model], "model_blessing": [self._blessing], **self._others},
            {"pushed_model": [pushed]},
            {"push_destination": json_format.MessageToJson(destination)},
        )
        return pushed

    def versions(self) -> list[Path]:
        return sorted(self.serving.iterdir()) if self.serving.exists() else []


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (OWNER_FILE, CHECKSUMS_FILE)
    }


@pytest.fixture
def push(tmp_path: Path) -> Push:
    return Push(tmp_path, "1")


def test_a_blessed_model_becomes_a_version_and_an_artifact(push: Push) -> None:
    pushed = push.attempt()
    (version,) = push.versions()
    assert version.name.isdigit()
    check_checksums(str(version), "Push again.")
    assert files(version) == files(Path(push.model.uri, "Format-Serving"))
    assert files(Path(pushed.uri)) == files(version)
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_destination") == str(version)
    assert pushed.get_string_custom_property("pushed_version") == version.name


def test_a_model_that_is_not_blessed_leaves_serving_untouched(tmp_path: Path) -> None:
    push = Push(tmp_path, "1", blessed=False)
    assert push.attempt().get_int_custom_property("pushed") == 0
    assert push.versions() == []


@pytest.mark.parametrize("execution", ["1", "2"])
def test_a_model_is_pushed_once_however_often_and_by_whichever_execution(
    push: Push, tmp_path: Path, execution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = push.attempt()
    monkeypatch.setattr("time.time", lambda: 4_000_000_000)
    second = Push(tmp_path, execution).attempt()
    assert len(push.versions()) == 1
    for key in ("pushed_destination", "pushed_version"):
        assert second.get_string_custom_property(key) == first.get_string_custom_property(key)


def test_another_model_under_the_same_name_is_a_version_of_its_own(push: Push) -> None:
    """As after metadata.db was deleted, when the numbers of executions begin anew."""
    push.attempt()
    Path(push.model.uri, "Format-Serving", "saved_model.pb").write_bytes(b"another graph")
    push.attempt()
    assert len(push.versions()) == 2


@pytest.mark.parametrize("survives", ["nothing", "variables", "half of saved_model.pb"])
def test_a_push_that_was_killed_is_completed_by_its_retry(
    push: Push, survives: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push.attempt()
    (version,) = push.versions()
    (version / "saved_model.pb").unlink()
    if survives == "nothing":
        (version / "variables" / "variables.index").unlink()
    elif survives == "half of saved_model.pb":
        (version / "saved_model.pb.partial").write_bytes(b"gra")
    monkeypatch.setattr("time.time", lambda: 4_000_000_000)
    push.attempt()
    assert push.versions() == [version]
    assert files(version) == files(Path(push.model.uri, "Format-Serving"))


def test_a_push_that_is_killed_shows_no_part_of_a_version(
    push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfx.dsl.io import fileio

    copy = fileio.copy

    def killed(source: str, target: str, **options: Any) -> None:
        if source.endswith("variables.index"):
            raise KeyboardInterrupt
        copy(source, target, **options)

    monkeypatch.setattr(fileio, "copy", killed)
    with pytest.raises(KeyboardInterrupt):
        push.attempt()
    monkeypatch.undo()
    assert [path for path in push.versions() if path.name.isdigit()] == []
    push.attempt()
    (version,) = push.versions()
    assert files(version) == files(Path(push.model.uri, "Format-Serving"))


def test_two_models_within_a_second_are_two_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.5)
    for name in ("1", "2"):
        Push(tmp_path, name, model=f"model-{name}").attempt()
    names = [version.name for version in Push(tmp_path, "3").versions()]
    assert names == ["1700000000", "1700000001"]


def test_the_newest_model_has_the_highest_version_though_the_clock_was_set_back(
    push: Push,
) -> None:
    future = push.serving / "4000000000"
    future.mkdir(parents=True)
    (future / "saved_model.pb").write_bytes(b"an older model")
    pushed = push.attempt()
    assert pushed.get_string_custom_property("pushed_version") == "4000000001"
    assert (future / "saved_model.pb").read_bytes() == b"an older model"


def test_what_is_completed_gets_its_saved_model_last(
    push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfx.dsl.io import fileio

    push.attempt()
    (version,) = push.versions()
    (version / "saved_model.pb").unlink()
    order: list[str] = []

    def copy(source: str, target: str, **options: Any) -> None:
        order.append(Path(target).name)
        Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr(fileio, "copy", copy)
    push.attempt()
    assert order[:2] == ["variables.index", "saved_model.pb.partial"]


def test_the_arm_that_the_blessing_names_is_pushed_in_place_of_the_warm_start(
    tmp_path: Path,
) -> None:
    push = Push(tmp_path, "1", arm="scratch")
    push.attempt()
    (version,) = push.versions()
    assert (version / "saved_model.pb").read_bytes() == b"graph of scratch"
    assert owner_mark(str(tmp_path / "scratch" / "Format-Serving")) == (
        (version / OWNER_FILE).read_text()
    )


def test_a_version_names_its_run_which_pushes_it_once_even_without_a_cache(
    tmp_path: Path,
) -> None:
    first = Push(tmp_path, "1", model="model_1", run='{"run": "week 1"}')
    first.attempt()
    (version,) = first.versions()
    assert (version / RUN_FILE).read_text() == '{"run": "week 1"}'
    owner = (version / OWNER_FILE).read_text()
    again = Push(tmp_path, "2", model="model_2", run='{"run": "week 1"}')
    assert again.attempt().get_string_custom_property("pushed_destination") == str(version)
    assert again.versions() == [version]
    assert (version / OWNER_FILE).read_text() == owner
    Push(tmp_path, "3", model="model_3", run='{"run": "week 2"}').attempt()
    assert len(again.versions()) == 2
    # A version that no server could load is not taken for pushed.
    (version / "saved_model.pb").unlink()
    Push(tmp_path, "4", model="model_4", run='{"run": "week 1"}').attempt()
    assert len(again.versions()) == 3
