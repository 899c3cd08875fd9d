"""ImageExampleGen: real runs of its executor, on every format."""

from __future__ import annotations

import errno
import gzip
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts

from modules.core.errors import DataError
from modules.core.progress import PROGRESS_LOGGER, Progress
from modules.domains.ingestion import read_ingestion
from modules.settings import ValidationSettings
from modules.sources.base import EvalDraw
from modules.sources.idx_format import write_idx
from modules.sources.png import encode_pngs
from tests.components.image_example_gen import ingestion
from tests.components.image_example_gen.ingestion import (
    OPTDIGITS,
    examples_of,
    execute,
    files,
    write_image_folder,
)


def _idx(name: str, header: int) -> np.ndarray:
    data = gzip.decompress(Path(OPTDIGITS, f"{name}-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


@pytest.fixture(scope="module")
def optdigits(tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.Examples:
    output = tmp_path_factory.mktemp("ingested") / "optdigits"
    return execute(output, input_base=OPTDIGITS, format="idx", num_shards=4)


def test_it_reports_how_many_images_are_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        execute(tmp_path, input_base=OPTDIGITS, format="idx", num_shards=4)
    reports: list[Any] = [record.msg for record in caplog.records if record.name == PROGRESS_LOGGER]
    assert reports[-1] == Progress(1797, 1797, unit="image")


@pytest.mark.parametrize(
    ("split", "prefix", "count"), [("train", "train", 898), ("eval", "t10k", 899)]
)
def test_examples_hold_every_image_in_the_files_order(
    optdigits: standard_artifacts.Examples, split: str, prefix: str, count: int
) -> None:
    examples = examples_of(optdigits, split)
    assert len(examples) == count
    pixels = np.stack([tf.io.decode_png(example["image"])[..., 0] for example in examples])
    np.testing.assert_array_equal(pixels.ravel(), _idx(f"{prefix}-images-idx3", 16))
    assert [example["label"] for example in examples] == _idx(f"{prefix}-labels-idx1", 8).tolist()
    assert [example["example_id"] for example in examples] == [
        f"{split}/{index:08d}".encode() for index in range(count)
    ]
    for example in examples:
        assert set(example) == {
            "image",
            "label",
            "domain",
            "example_id",
            "height",
            "width",
            "channels",
        }
        assert example["domain"] == b"digits"
        assert (example["height"], example["width"], example["channels"]) == (8, 8, 1)


def test_artifact_describes_itself_as_tfx_expects(optdigits: standard_artifacts.Examples) -> None:
    assert artifact_utils.decode_split_names(optdigits.split_names) == ["train", "eval"]
    assert examples_utils.get_payload_format(optdigits) == example_gen_pb2.FORMAT_TF_EXAMPLE
    assert examples_utils.get_file_format(optdigits) == "tfrecords_gzip"
    shards = [(split, index) for split in ("eval", "train") for index in range(4)]
    assert sorted(files(Path(optdigits.uri))) == [
        *(f"Split-{split}/data_tfrecord-{index:05d}-of-00004.gz" for split, index in shards),
        "classes.json",
        "ingestion.json",
        *(f"signatures/{split}-{index:05d}.npz" for split, index in shards),
    ]
    classes = json.loads(Path(optdigits.uri, "classes.json").read_text())
    assert classes == [str(digit) for digit in range(10)]


@pytest.mark.parametrize(
    "runner",
    [
        ["--runner=FnApiRunner"],
        ["--runner=FnApiRunner", "--direct_running_mode=multi_threading", "--direct_num_workers=3"],
        ["--runner=BundleBasedDirectRunner"],
    ],
)
def test_output_is_the_same_to_the_byte_with_every_runner(
    optdigits: standard_artifacts.Examples,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runner: list[str],
) -> None:
    monkeypatch.setattr(ingestion, "BEAM_ARGS", [*runner, "--sdk_container_image=none"])
    again = execute(tmp_path / "again", input_base=OPTDIGITS, format="idx", num_shards=4)
    assert files(Path(again.uri)) == files(Path(optdigits.uri))


def test_image_folder_becomes_examples(tmp_path: Path) -> None:
    images = write_image_folder(tmp_path / "in")
    artifact = execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="image_folder")
    train, evaluation = (examples_of(artifact, split) for split in ("train", "eval"))
    assert {example["example_id"]: example["image"] for example in train + evaluation} == images
    assert {(b"dog" in example["example_id"], example["label"]) for example in train} == {
        (False, 0),
        (True, 1),
    }
    assert {example["label"] for example in evaluation} == {1}
    assert {(e["height"], e["width"], e["channels"]) for e in train} == {
        (2, 5, 3),
        (3, 5, 3),
        (4, 5, 3),
    }
    assert json.loads(Path(artifact.uri, "classes.json").read_text()) == ["cat", "dog"]


def test_tfrecords_that_this_component_wrote_are_read_again(
    optdigits: standard_artifacts.Examples, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for split in ("train", "eval"):
        for index, path in enumerate(sorted(Path(optdigits.uri, f"Split-{split}").iterdir())):
            (folder / f"{split}-{index}.tfrecord.gz").symlink_to(path)
    with pytest.raises(DataError, match="expected a path inside"):
        execute(tmp_path / "out", input_base=str(folder), format="tfrecord")
    for link in folder.iterdir():
        target = link.resolve()
        link.unlink()
        link.write_bytes(target.read_bytes())
    artifact = execute(tmp_path / "out", input_base=str(folder), format="tfrecord")
    for split in ("train", "eval"):
        first, again = (
            [(example["image"], example["label"]) for example in examples_of(source, split)]
            for source in (optdigits, artifact)
        )
        assert again == first
    assert json.loads(Path(artifact.uri, "classes.json").read_text()) == [
        str(digit) for digit in range(10)
    ]


def test_classes_get_the_names_that_the_source_has_for_them(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "images")
    arguments = {"input_base": str(tmp_path / "images"), "format": "image_folder"}
    artifact = execute(tmp_path / "out", **arguments, class_map={"dog": "hound"})
    assert json.loads(Path(artifact.uri, "classes.json").read_text()) == ["cat", "hound"]
    with pytest.raises(DataError, match="no class 'dogg'; did you mean 'dog'"):
        execute(tmp_path / "refused", **arguments, class_map={"dogg": "hound"})
    assert not (tmp_path / "refused" / "classes.json").exists()


def test_given_class_names_are_written(tmp_path: Path) -> None:
    classes = [f"zäh{digit}" for digit in range(10)]
    artifact = execute(tmp_path / "out", input_base=OPTDIGITS, format="idx", classes=classes)
    text = Path(artifact.uri, "classes.json").read_text(encoding="utf-8")
    assert json.loads(text) == classes


class TestFailure:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_image_folder(tmp_path / "in")
        (tmp_path / "in/eval/dog/9.png").write_bytes(b"no image")
        return tmp_path / "in"

    def test_in_a_worker_is_one_clean_error(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(DataError) as caught:
            execute(tmp_path / "out", input_base=str(folder), format="image_folder")
        message = str(caught.value)
        assert message.startswith(f"{folder}/eval/dog/9.png: expected a PNG, JPEG, WebP")
        assert "Replace the image, or remove it." in message
        assert message.endswith("Or leave such files out: validation.bad_images=skip.")

    def test_of_several_images_is_one_error_that_names_them_all(
        self, folder: Path, tmp_path: Path
    ) -> None:
        (folder / "train/cat/9.png").write_bytes(b"no image")
        (folder / "train/cat/notes.txt").write_text("no image")
        with pytest.raises(DataError) as caught:
            execute(tmp_path / "out", input_base=str(folder), format="image_folder")
        message = str(caught.value)
        assert message.startswith(f"{folder}: 3 problems.")
        for name in ("eval/dog/9.png", "train/cat/9.png", "train/cat/notes.txt"):
            assert message.count(name) == 1

    def test_is_not_hidden_by_a_worker_that_still_writes(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def still_being_written(path: str) -> None:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", path)

        monkeypatch.setattr("components.temporary_folder.fileio.rmtree", still_being_written)
        with pytest.raises(DataError, match=r"eval/dog/9\.png: expected a PNG, JPEG, WebP"):
            execute(tmp_path / "out", input_base=str(folder), format="image_folder")

    def test_leaves_nothing_that_could_be_taken_for_complete(
        self, folder: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "out"
        for name in ("Split-train/data_tfrecord-00000-of-00001.gz", "classes.json", ".partial/x"):
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).touch()  # As a killed attempt may have left them.
        with pytest.raises(DataError):
            execute(output, input_base=str(folder), format="image_folder")
        assert list(output.iterdir()) == []

    def test_of_labels_that_only_reading_finds_leaves_nothing_either(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        for split, label in (("train", 0), ("eval", 1)):
            example = tf.train.Example()
            example.features.feature["image"].bytes_list.value.append(
                *encode_pngs(np.zeros((1, 2, 2), np.uint8))
            )
            example.features.feature["label"].int64_list.value.append(label)
            with tf.io.TFRecordWriter(str(tmp_path / "in" / f"{split}.tfrecord")) as writer:
                writer.write(example.SerializeToString())
        with pytest.raises(DataError, match=r"example eval/00000-00000000: .* found label 1"):
            execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="tfrecord")
        assert list((tmp_path / "out").iterdir()) == []

    def test_of_a_missing_folder_is_a_clean_error(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="absent: expected a folder, found nothing"):
            execute(tmp_path / "out", input_base=str(tmp_path / "absent"), format="idx")


def test_bad_images_that_may_be_left_out_are_listed_beside_the_examples(tmp_path: Path) -> None:
    images = write_image_folder(tmp_path / "in")
    (tmp_path / "in/train/cat/9.png").write_bytes(b"no image")
    arguments = {"input_base": str(tmp_path / "in"), "format": "image_folder"}
    skip = ValidationSettings(bad_images="skip", max_bad_images=0.15)
    artifact = execute(tmp_path / "out", **arguments, validation=skip)
    assert {
        example["example_id"]
        for split in ("train", "eval")
        for example in examples_of(artifact, split)
    } == set(images)
    ingestion = json.loads(Path(artifact.uri, "ingestion.json").read_text())
    (bad,) = ingestion["bad_images"]
    assert bad.startswith(f"{tmp_path}/in/train/cat/9.png: expected a PNG, JPEG")
    (finding,) = read_ingestion(artifact.uri).findings
    assert finding.found.startswith("1 file that is left out")
    few = ValidationSettings(bad_images="skip", max_bad_images=0.05)
    with pytest.raises(DataError, match="max_bad_images allows 5"):
        execute(tmp_path / "refused", **arguments, validation=few)
    assert list((tmp_path / "refused").iterdir()) == []


def test_an_eval_split_is_drawn_and_recorded(tmp_path: Path) -> None:
    for index in range(40):
        path = tmp_path / "in" / ("cat", "dog")[index % 2] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(*encode_pngs(np.full((1, 3, 5), index, np.uint8)))
    artifact = execute(
        tmp_path / "out",
        input_base=str(tmp_path / "in"),
        format="image_folder",
        eval_draw=EvalDraw(0.3, seed=5),
    )
    train, evaluation = (
        {example["example_id"] for example in examples_of(artifact, split)}
        for split in ("train", "eval")
    )
    assert len(train | evaluation) == len(train) + len(evaluation) == 40
    (note,) = read_ingestion(artifact.uri).notes
    assert note.startswith(
        f"No eval split was found. One was drawn by seed 5: {len(evaluation)} of"
    )


def test_colour_idx_of_another_size_and_class_count_just_works(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 9, 3), dtype=np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 15
    (tmp_path / "in").mkdir()
    for split, pixels in (("train", 255 - images), ("t10k", images)):
        write_idx(tmp_path / "in" / f"{split}-images-idx4-ubyte.gz", pixels)
        write_idx(tmp_path / "in" / f"{split}-labels-idx1-ubyte.gz", labels)
    artifact = execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="idx")
    (example, *_) = examples_of(artifact, "eval")
    np.testing.assert_array_equal(tf.io.decode_png(example["image"]), images[0])
    assert len(json.loads(Path(artifact.uri, "classes.json").read_text())) == 15
