"""What can be imported is told apart by what lies there; anything else is refused with a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.errors import DataError
from modules.models.imported.fingerprint import fingerprint_model
from modules.models.imported.found import FACTS_FILE, FoundModel, Kind, find_model_to_import


def write(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def own_model(folder: Path) -> Path:
    write(folder / "saved_model.pb")
    write(folder / "assets.extra" / FACTS_FILE)
    return folder


def test_a_keras_file(tmp_path: Path) -> None:
    path = write(tmp_path / "m.keras")
    assert find_model_to_import(str(path)) == FoundModel(Kind.KERAS, str(path))


def test_a_saved_model(tmp_path: Path) -> None:
    write(tmp_path / "saved_model.pb")
    assert find_model_to_import(str(tmp_path)) == FoundModel(Kind.SAVED_MODEL, str(tmp_path))


@pytest.mark.parametrize("name", ["best", "best-12"])
def test_a_checkpoint_by_prefix_or_folder(name: str, tmp_path: Path) -> None:
    write(tmp_path / f"{name}.index")
    found = FoundModel(Kind.CHECKPOINT, str(tmp_path / name))
    assert find_model_to_import(str(tmp_path / name)) == found
    assert find_model_to_import(str(tmp_path)) == found


def test_of_several_checkpoints_the_one_that_the_state_file_names(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        write(tmp_path / f"ckpt-{step}.index")
    write(
        tmp_path / "checkpoint",
        'model_checkpoint_path: "ckpt-10"\nall_model_checkpoint_paths: "ckpt-1"',
    )
    assert find_model_to_import(str(tmp_path)).path == str(tmp_path / "ckpt-10")


def test_a_model_artifact_and_a_pushed_version_of_an_earlier_run(tmp_path: Path) -> None:
    artifact = own_model(tmp_path / "model" / "7" / "Format-Serving")
    assert find_model_to_import(str(artifact.parent)) == FoundModel(Kind.OWN, str(artifact))
    version = own_model(tmp_path / "serving" / "1700000000")
    assert find_model_to_import(str(version)) == FoundModel(Kind.OWN, str(version))


def test_a_runs_folder_gives_its_newest_version_or_else_its_pretrained_model(
    tmp_path: Path,
) -> None:
    write(tmp_path / "result.json", "{}")
    for execution in ("9", "10"):
        own_model(tmp_path / "artifacts/PretrainTrainer/model" / execution / "Format-Serving")
    pretrained = tmp_path / "artifacts/PretrainTrainer/model/10/Format-Serving"
    assert find_model_to_import(str(tmp_path)) == FoundModel(Kind.OWN, str(pretrained))
    for version in ("8", "9"):
        own_model(tmp_path / "serving" / version)
    assert find_model_to_import(str(tmp_path)).path == str(tmp_path / "serving/9")
    assert find_model_to_import(str(tmp_path / "serving")).path == str(tmp_path / "serving/9")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("missing", "found nothing"),
        ("empty", "an empty folder"),
        ("photos", "a folder with cat.png"),
        ("notes.txt", "a file that ends in '.txt'"),
        ("old.h5", "save it again as a .keras file"),
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(
    name: str, found: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for file in ("photos/cat.png", "notes.txt", "old.h5"):
        write(tmp_path / file)
    with pytest.raises(DataError, match=r"a \.keras file, the folder of a SavedModel") as error:
        find_model_to_import(str(tmp_path / name))
    assert found in str(error.value)


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    one, same, other = (
        write(tmp_path / folder / "m.keras", text)
        for folder, text in (("a", "1"), ("b", "1"), ("c", "2"))
    )
    assert fingerprint_model(str(one)) == fingerprint_model(str(same))
    assert fingerprint_model(str(one)) != fingerprint_model(str(other))
    prefix = tmp_path / "ckpt" / "w"
    write(prefix.with_name("w.index"))
    weights = write(prefix.with_name("w.data-00000-of-00001"))
    before = fingerprint_model(str(prefix))
    weights.write_text("other")
    assert fingerprint_model(str(prefix)) != before


def test_a_model_on_no_disk_here_has_no_fingerprint(tmp_path: Path) -> None:
    assert fingerprint_model("s3://bucket/m.keras") == ""
    assert fingerprint_model(str(tmp_path / "missing")) == ""
