"""An interrupted training is found by the next attempt at it, and by no other training."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.training.record import TRAINING_FILE
from modules.training.resumption import open_run_directory, training_identity

CHECKPOINT = Path("training_checkpoints", "ckpt-40.index")


def interrupt(run: Path, identity: str) -> Path:
    open_run_directory(str(run), identity)
    (run / CHECKPOINT).parent.mkdir()
    (run / CHECKPOINT).write_text(identity)
    return run


def test_the_same_training_goes_on_in_a_folder_of_its_own(tmp_path: Path) -> None:
    left = interrupt(tmp_path / "7", "digits")
    new = tmp_path / "12"
    new.mkdir()
    open_run_directory(str(new), "digits")
    assert (new / CHECKPOINT).read_text() == "digits"
    assert not left.exists()


def test_the_same_training_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    run = interrupt(tmp_path / "7", "digits")
    open_run_directory(str(run), "digits")
    assert (run / CHECKPOINT).exists()


def test_another_training_starts_from_nothing(tmp_path: Path) -> None:
    left = interrupt(tmp_path / "7", "digits")
    open_run_directory(str(tmp_path / "12"), "letters")
    assert not (tmp_path / "12" / CHECKPOINT).exists()
    assert (left / CHECKPOINT).exists()


def test_what_another_training_left_in_the_folder_itself_is_cleared(tmp_path: Path) -> None:
    run = interrupt(tmp_path / "7", "digits")
    open_run_directory(str(run), "letters")
    assert not (run / CHECKPOINT).exists()


def test_a_folder_of_unknown_origin_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "checkpoint").touch()
    open_run_directory(str(tmp_path / "7"), "digits")
    assert not (tmp_path / "7" / "checkpoint").exists()


def test_a_complete_training_is_never_taken(tmp_path: Path) -> None:
    complete = interrupt(tmp_path / "7", "digits")
    (complete / TRAINING_FILE).touch()
    open_run_directory(str(tmp_path / "12"), "digits")
    assert (complete / CHECKPOINT).exists()
    assert not (tmp_path / "12" / CHECKPOINT).exists()


def test_a_folder_on_a_volume_is_cleared_but_stays_the_volume(tmp_path: Path) -> None:
    volume = interrupt(tmp_path / "volume", "digits")
    link = tmp_path / "model_run"
    link.symlink_to(volume, target_is_directory=True)
    open_run_directory(str(link), "letters")
    assert link.is_symlink()
    assert not (volume / CHECKPOINT).exists()


@pytest.mark.parametrize("change", ["seed", "data"])
def test_seed_and_data_make_another_training(tmp_path: Path, change: str) -> None:
    (tmp_path / "data").write_text("images")
    before = training_identity({"seed": 0}, [str(tmp_path)])
    assert training_identity({"seed": 0}, [str(tmp_path)]) == before
    if change == "data":
        (tmp_path / "data").write_text("other images")
    assert training_identity({"seed": int(change == "seed")}, [str(tmp_path)]) != before
