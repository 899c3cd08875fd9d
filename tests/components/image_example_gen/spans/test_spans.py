"""Spans are read once each, then joined: train images of some, eval images of all."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from modules.core.errors import DataError
from modules.domains.ingestion import read_ingestion
from modules.settings import ValidationSettings
from modules.sources.base import EvalDraw
from tests.components.image_example_gen.ingestion import examples_of, files
from tests.components.image_example_gen.spans.domain import ingest, spans_of, write_span


def test_the_newest_is_trained_on_and_all_are_evaluated(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        write_span(tmp_path, number)
    artifact = ingest(tmp_path, "out")
    train, evaluation = examples_of(artifact, "train"), examples_of(artifact, "eval")
    assert Counter(example["span"] for example in train) == {10: 6}
    assert Counter(example["span"] for example in evaluation) == {1: 4, 2: 4, 10: 4}
    assert b"span-2/eval/dog/1.png" in {example["example_id"] for example in evaluation}
    assert spans_of(artifact) == {
        "spans": "1,2,10",
        "trained_spans": "10",
        "ingested_spans": "1,2,10",
    }
    assert artifact.span == 10
    assert read_ingestion(artifact.uri).spans == {"found": [1, 2, 10], "trained": [10]}
    assert not list((tmp_path / "out").glob("spans*"))


@pytest.mark.parametrize(("trained", "spans"), [("all", {1, 2, 3}), ("last:2", {2, 3})])
def test_others_can_be_chosen(tmp_path: Path, trained: str, spans: set[int]) -> None:
    for number in (1, 2, 3):
        write_span(tmp_path, number)
    artifact = ingest(tmp_path, "out", trained)
    assert {example["span"] for example in examples_of(artifact, "train")} == spans
    assert {example["span"] for example in examples_of(artifact, "eval")} == {1, 2, 3}


def test_a_later_run_reads_the_new_span_only_and_writes_what_a_fresh_one_writes(
    tmp_path: Path,
) -> None:
    write_span(tmp_path, 1)
    ingest(tmp_path, "first")
    write_span(tmp_path, 2)
    # Were it opened again, the run would stop here.
    image = tmp_path / "span-1/train/cat/0.png"
    content, state = image.read_bytes(), image.stat()
    image.write_bytes(bytes(len(content)))
    os.utime(image, ns=(state.st_atime_ns, state.st_mtime_ns))
    second = ingest(tmp_path, "second", "all")
    assert spans_of(second)["ingested_spans"] == "2"
    assert spans_of(ingest(tmp_path, "third", "all"))["ingested_spans"] == ""

    image.write_bytes(content)
    shutil.rmtree(tmp_path / "store")
    fresh = ingest(tmp_path, "fresh", "all")
    assert spans_of(fresh)["ingested_spans"] == "1,2"
    assert files(Path(second.uri)) == files(Path(fresh.uri))


def test_a_span_whose_files_change_is_read_again_and_takes_the_place_of_the_earlier_one(
    tmp_path: Path,
) -> None:
    for number in (1, 2):
        write_span(tmp_path, number)
    ingest(tmp_path, "first")
    (tmp_path / "span-1/eval/cat/0.png").rename(tmp_path / "span-1/eval/dog/7.png")
    second = ingest(tmp_path, "second")
    assert spans_of(second)["ingested_spans"] == "1"
    ids = {example["example_id"] for example in examples_of(second, "eval")}
    assert b"span-1/eval/dog/7.png" in ids
    assert b"span-1/eval/cat/0.png" not in ids
    assert len(list((tmp_path / "store").iterdir())) == 2


@pytest.mark.parametrize("other", [{"eval_draw": EvalDraw(0.5)}, {"source_fingerprint": "2"}])
def test_other_code_or_settings_read_every_span_again(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    write_span(tmp_path, 1)
    ingest(tmp_path, "first")
    assert spans_of(ingest(tmp_path, "second", **other))["ingested_spans"] == "1"


def test_validation_and_names_of_classes_do_not(tmp_path: Path) -> None:
    write_span(tmp_path, 1)
    ingest(tmp_path, "first")
    validation = ValidationSettings(duplicates="warn")
    second = ingest(tmp_path, "second", validation=validation, class_map={"cat": "tom"})
    assert spans_of(second)["ingested_spans"] == ""
    assert json.loads((tmp_path / "second/classes.json").read_text()) == ["tom", "dog"]


def test_an_image_that_cannot_be_read_stops_the_run_until_its_span_is_mended(
    tmp_path: Path,
) -> None:
    write_span(tmp_path, 1)
    broken = write_span(tmp_path, 2) / "eval/dog/1.png"
    content = broken.read_bytes()
    broken.write_bytes(b"no image")
    for output in ("first", "second"):
        with pytest.raises(DataError, match=r"span-2/eval/dog/1\.png"):
            ingest(tmp_path, output)
        assert not (tmp_path / output / "classes.json").exists()
    broken.write_bytes(content)
    assert spans_of(ingest(tmp_path, "third"))["ingested_spans"] == "2"


def test_an_eval_image_of_an_old_span_is_found_among_the_new_ones_train_images(
    tmp_path: Path,
) -> None:
    write_span(tmp_path, 1)
    ingest(tmp_path, "first")
    write_span(tmp_path, 2)
    shutil.copy(tmp_path / "span-1/eval/cat/0.png", tmp_path / "span-2/train/cat/copy.png")
    with pytest.raises(DataError, match=r"span-1/eval/cat/0\.png .* is an exact copy of span-2/"):
        ingest(tmp_path, "second")
    write_span(tmp_path, 3)
    # Span 2 is no longer trained on.
    ingest(tmp_path, "third")


def test_a_class_that_only_some_spans_have_keeps_its_name(tmp_path: Path) -> None:
    write_span(tmp_path, 1, ("cat", "dog"))
    write_span(tmp_path, 2, ("ant", "dog"))
    artifact = ingest(tmp_path, "out", "all")
    names = json.loads((tmp_path / "out/classes.json").read_text())
    assert names == ["ant", "cat", "dog"]
    for split in ("train", "eval"):
        for example in examples_of(artifact, split):
            folder = example["example_id"].decode().split("/")[2]
            assert names[example["label"]] == folder


def test_a_drawn_split_of_an_old_span_does_not_move(tmp_path: Path) -> None:
    def eval_ids(output: str) -> set[bytes]:
        examples = examples_of(ingest(tmp_path, output), "eval")
        return {each["example_id"] for each in examples if each["span"] == 1}

    for number in (1, 2):
        write_span(tmp_path, number, splits={"": 10})
        if number == 1:
            before = eval_ids("first")
    assert before
    assert eval_ids("second") == before
