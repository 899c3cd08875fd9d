"""What a serving folder serves: the newest whole version that the run itself has not pushed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modules.core.checksums import CHECKSUMS_FILE, write_checksums
from modules.models.served_version import RunMark, ServedVersion, find_served_version, owner_mark
from modules.models.serving_folder import OWNER_FILE, ROLLBACK_FILE, RUN_FILE


class Serving:
    """A serving folder, and the models that its versions are copied from."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "serving"
        self._models = root / "models"

    def model(self, name: str, content: str = "graph") -> str:
        folder = self._models / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "saved_model.pb").write_text(f"{content} of {name}")
        return str(folder)

    def push(
        self, number: str, model: str, *, copy_of: str = "", mark: RunMark | None = None
    ) -> Path:
        version = self.folder / number
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_bytes(Path(model, "saved_model.pb").read_bytes())
        write_checksums(str(version))
        (version / OWNER_FILE).write_text(owner_mark(model))
        if mark:
            (version / RUN_FILE).write_text(mark.to_json())
        if copy_of:
            (version / ROLLBACK_FILE).write_text(f"{copy_of}\n")
        return version

    def find(self, *candidates: str, run: str = "") -> tuple[ServedVersion, str | None]:
        return find_served_version(str(self.folder), candidates, run)


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    return Serving(tmp_path)


def test_without_a_version_nothing_is_served(serving: Serving) -> None:
    assert serving.find() == (ServedVersion(), None)
    (serving.folder / ".partial-7").mkdir(parents=True)
    assert serving.find() == (ServedVersion(), None)
    assert not ServedVersion().is_usable


def test_the_newest_version_is_served_by_number_and_not_by_name(serving: Serving) -> None:
    for number in ("9", "10"):
        serving.push(number, serving.model(number))
    served, path = serving.find(serving.model("candidate"))
    assert (served.number, served.is_usable) == (10, True)
    assert path == str(serving.folder / "10")


def test_a_version_that_is_not_complete_is_not_served(serving: Serving) -> None:
    serving.push("1", serving.model("a"))
    (serving.push("2", serving.model("b")) / "saved_model.pb").unlink()
    assert serving.find()[0].number == 1


def test_after_a_rollback_the_earlier_version_is_served_and_keeps_its_number(
    serving: Serving,
) -> None:
    first, second = serving.model("a"), serving.model("b")
    serving.push("1", first)
    before = serving.find()[0]
    serving.push("2", second)
    serving.push("3", first, copy_of="1")
    served, path = serving.find()
    assert served == before
    assert path == str(serving.folder / "3")


def test_a_repeated_run_meets_the_opponent_that_it_met_before_it_pushed(serving: Serving) -> None:
    first, second = serving.model("a"), serving.model("b")
    nothing = serving.find(first)
    serving.push("1", first)
    assert serving.find(first) == nothing
    opponent = serving.find(second)
    assert opponent[0].number == 1
    serving.push("2", second)
    assert serving.find(second) == opponent
    # Neither a rollback to it, nor back again, makes it its own opponent.
    serving.push("3", first, copy_of="1")
    assert serving.find(first) == nothing
    serving.push("4", second, copy_of="2")
    assert serving.find(second) == opponent
    # But another model is one, whichever was there first.
    assert serving.find(first)[0].number == 2


def test_a_run_that_starts_from_what_is_served_passes_over_its_own_product(
    serving: Serving,
) -> None:
    """It is known before it has trained: by what it trains on, not by its models."""
    nothing = serving.find(run="week 1")
    serving.push("1", serving.model("a"), mark=RunMark("week 1", 0, "warm_start"))
    assert serving.find(run="week 1") == nothing
    opponent = serving.find(run="week 2")
    assert opponent[0].number == 1
    serving.push("2", serving.model("b"), mark=RunMark("week 2", 1, "warm_start"))
    assert serving.find(run="week 2") == opponent
    # Repeated later, week 1 is another step of the chain: it starts from the newest.
    third = serving.find(run="week 1")
    assert third[0].number == 2
    serving.push("3", serving.model("c"), mark=RunMark("week 1", 2, "warm_start"))
    assert serving.find(run="week 1") == third
    # A rollback brings back a version with its origin.
    mark = RunMark("week 1", 0, "warm_start")
    serving.push("4", serving.model("a"), copy_of="1", mark=mark)
    assert serving.find(run="week 1") == nothing
    assert serving.find(run="week 3")[0].number == 1


@pytest.mark.parametrize("text", ["", "[]", "{", '{"run": "week 1"}'])
def test_a_damaged_mark_is_none(serving: Serving, text: str) -> None:
    version = serving.push("1", serving.model("a"))
    (version / RUN_FILE).write_text(text)
    assert RunMark.read(str(version)) is None
    assert serving.find(run="week 1")[0].number == 1


def test_another_model_under_the_same_path_is_an_opponent(serving: Serving) -> None:
    """As after metadata.db was deleted, when the numbers of executions begin anew."""
    serving.push("1", serving.model("a"))
    assert serving.find(serving.model("a", "another graph"))[0].number == 1


def test_damaged_files_are_named(serving: Serving) -> None:
    version = serving.push("1", serving.model("a"))
    whole = serving.find()[0]
    (version / "saved_model.pb").write_text("something else")
    damaged, _ = serving.find()
    assert damaged.number == 1
    assert not damaged.is_usable
    assert damaged.problem.startswith(f"{version}/saved_model.pb: expected what was written")
    os.unlink(version / CHECKSUMS_FILE)
    unproven, _ = serving.find()
    assert "expected the checksums of the model, found none" in unproven.problem
    assert len({whole, damaged, unproven}) == 3


def test_it_is_kept_in_a_file(tmp_path: Path) -> None:
    served = ServedVersion(1795539541, "ab" * 32)
    served.write(str(tmp_path))
    assert ServedVersion.read(str(tmp_path)) == served
