"""ImageExampleGen and copies: found in every format, named, and not trained on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import DataError
from modules.domains.duplicates.files import read_split_signatures
from modules.domains.ingestion import read_ingestion
from modules.settings import ValidationSettings
from tests.components.image_example_gen.ingestion import examples_of, execute, files
from tests.components.image_example_gen.leaked_domain import (
    WRITERS,
    Drawing,
    leaked_domain,
    sound_domain,
    write_folder,
)


def duplicates(artifact: Any) -> dict[str, Any]:
    return json.loads(Path(artifact.uri, "ingestion.json").read_text())["duplicates"]


@pytest.mark.parametrize("format", WRITERS)
def test_copies_between_the_splits_stop_the_run_and_are_named(format: str, tmp_path: Path) -> None:
    folder = WRITERS[format](tmp_path / "in", leaked_domain())
    with pytest.raises(DataError) as caught:
        execute(tmp_path / "out", input_base=str(folder), format=format)
    message = str(caught.value)
    assert message.startswith(f"{folder}: 4 problems.")
    named = re.findall(
        r"(\S+) \(eval, class '(\d)'\) is (.*) copy of (\S+) \(train, class '(\d)'\)", message
    )
    kinds = {kind for _, _, kind, _, _ in named}
    assert len(named) == 4
    assert kinds == {"an exact", "a near"}
    assert [(copy, original) for _, copy, _, _, original in named].count(("2", "0")) == 1
    if format == "image_folder":
        assert {eval_id: train_id for eval_id, _, _, train_id, _ in named} == {
            "eval/0/exact.img.png": "train/0/0.png",
            "eval/0/re-encoded.img.png": "train/0/1.png",
            "eval/0/resized.img.png": "train/0/2.png",
            "eval/2/contradictory.png": "train/0/3.png",
        }
    assert "validation.duplicates=drop" in message
    assert files(tmp_path / "out") == {}


def test_drawings_of_the_same_characters_by_others_are_no_copies(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in", sound_domain())
    artifact = execute(tmp_path / "out", input_base=str(folder), format="image_folder")
    assert duplicates(artifact) == {
        "images": 56,
        "leaked": 0,
        "contradictory": 0,
        "repeated": 0,
        "dropped": 0,
        "named": [],
    }


def test_drop_leaves_the_train_copies_out_and_keeps_every_other_byte(tmp_path: Path) -> None:
    domain = leaked_domain()
    leaked = write_folder(tmp_path / "leaked", domain)
    dropped = execute(
        tmp_path / "dropped",
        input_base=str(leaked),
        format="image_folder",
        validation=ValidationSettings(duplicates="drop"),
    )
    # What remains is what a folder without these four files would have given.
    clean = write_folder(tmp_path / "clean", {**domain, "train": domain["train"][4:]})
    expected = execute(tmp_path / "expected", input_base=str(clean), format="image_folder")
    for split in ("train", "eval"):
        assert examples_of(dropped, split) == examples_of(expected, split)
    assert len(examples_of(dropped, "train")) == 36
    assert len(read_split_signatures(dropped.uri)["train"]) == 36
    found = duplicates(dropped)
    assert (found["leaked"], found["contradictory"], found["dropped"]) == (4, 1, 4)
    (finding,) = read_ingestion(dropped.uri).findings
    assert "4 train images left out" in finding.found
    assert not finding.stops_the_run


def test_warn_keeps_all_and_says_so(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in", leaked_domain())
    artifact = execute(
        tmp_path / "out",
        input_base=str(folder),
        format="image_folder",
        validation=ValidationSettings(duplicates="warn"),
    )
    assert len(examples_of(artifact, "train")) == 40
    (finding,) = read_ingestion(artifact.uri).findings
    assert "4 eval images" in finding.found
    assert "eval/0/exact.img.png" in finding.found
    assert not finding.stops_the_run


def test_one_train_image_under_two_classes_stops_with_both_files(tmp_path: Path) -> None:
    domain = sound_domain()
    domain["train"].append(Drawing("again.png", domain["train"][0].content, 3))
    folder = write_folder(tmp_path / "in", domain)
    with pytest.raises(DataError) as caught:
        execute(tmp_path / "out", input_base=str(folder), format="image_folder")
    (line,) = [line for line in str(caught.value).splitlines() if "copy of" in line]
    assert sorted(re.findall(r"(\S+) \(train, class '(\d)'\)", line)) == [
        ("train/0/0.png", "0"),
        ("train/3/again.png", "3"),
    ]


def test_a_repeated_image_of_one_split_and_class_is_only_noted(tmp_path: Path) -> None:
    domain = sound_domain()
    domain["train"].append(Drawing("again.png", domain["train"][0].content, 0))
    folder = write_folder(tmp_path / "in", domain)
    artifact = execute(tmp_path / "out", input_base=str(folder), format="image_folder")
    ingestion = read_ingestion(artifact.uri)
    assert ingestion.notes == ["1 image repeats another one of the same split and class."]
    assert ingestion.findings == []
    assert len(examples_of(artifact, "train")) == 41
