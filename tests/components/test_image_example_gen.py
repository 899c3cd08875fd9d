"""ImageExampleGen: real runs of its executor and of a pipeline, on every format."""

from __future__ import annotations

import errno
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ml_metadata.proto import metadata_store_pb2
from tfx.components.util import examples_utils
from tfx.dsl.compiler import compiler
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.image_example_gen.component import ImageExampleGen
from components.image_example_gen.executor import Executor
from modules.core.errors import DataError
from modules.sources.idx_format import write_idx
from modules.sources.png import encode_pngs

_REPOSITORY = Path(__file__).resolve().parents[2]
_OPTDIGITS = str(_REPOSITORY / "data" / "optdigits")
# Naming an image keeps TFX from packing itself for remote workers, which takes seconds.
_BEAM_ARGS = ["--runner=FnApiRunner", "--sdk_container_image=none"]


def _execute(output: Path, **arguments: Any) -> standard_artifacts.Examples:
    component = ImageExampleGen(domain="digits", source_fingerprint="1", **arguments)
    artifact = standard_artifacts.Examples()
    artifact.uri = str(output)
    context = Executor.Context(beam_pipeline_args=_BEAM_ARGS, tmp_dir=str(output.parent))
    Executor(context).Do({}, {"examples": [artifact]}, component.exec_properties)
    return artifact


def _examples(artifact: standard_artifacts.Examples, split: str) -> list[dict[str, Any]]:
    paths = tf.io.gfile.glob(f"{artifact_utils.get_split_uri([artifact], split)}/*")
    records = tf.data.TFRecordDataset(sorted(paths), "GZIP").as_numpy_iterator()
    return [_values(tf.train.Example.FromString(record)) for record in records]


def _values(example: tf.train.Example) -> dict[str, Any]:
    values = {}
    for name, feature in example.features.feature.items():
        (values[name],) = feature.bytes_list.value or feature.int64_list.value
    return values


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _idx(name: str, header: int) -> np.ndarray:
    data = gzip.decompress(Path(_OPTDIGITS, f"{name}-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


@pytest.fixture(scope="module")
def optdigits(tmp_path_factory: pytest.TempPathFactory) -> standard_artifacts.Examples:
    output = tmp_path_factory.mktemp("ingested") / "optdigits"
    return _execute(output, input_base=_OPTDIGITS, format="idx", num_shards=4)


@pytest.mark.parametrize(
    ("split", "prefix", "count"), [("train", "train", 898), ("eval", "t10k", 899)]
)
def test_examples_hold_every_image_in_the_files_order(
    optdigits: standard_artifacts.Examples, split: str, prefix: str, count: int
) -> None:
    examples = _examples(optdigits, split)
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
    names = sorted(_files(Path(optdigits.uri)))
    assert names == [
        *(f"Split-eval/data_tfrecord-{index:05d}-of-00004.gz" for index in range(4)),
        *(f"Split-train/data_tfrecord-{index:05d}-of-00004.gz" for index in range(4)),
        "classes.json",
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
    monkeypatch.setattr(f"{__name__}._BEAM_ARGS", [*runner, "--sdk_container_image=none"])
    again = _execute(tmp_path / "again", input_base=_OPTDIGITS, format="idx", num_shards=4)
    assert _files(Path(again.uri)) == _files(Path(optdigits.uri))


def _write_image_folder(folder: Path) -> dict[bytes, bytes]:
    images: dict[bytes, bytes] = {}
    for split, classes in (("train", ("cat", "dog")), ("eval", ("dog",))):
        for name in classes:
            for index in range(3):
                path = folder / split / name / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = np.full((2 + index, 5, 3), len(images), np.uint8)
                path.write_bytes(*encode_pngs(pixels[np.newaxis]))
                images[str(path.relative_to(folder)).encode()] = path.read_bytes()
    return images


def test_image_folder_becomes_examples(tmp_path: Path) -> None:
    images = _write_image_folder(tmp_path / "in")
    artifact = _execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="image_folder")
    train, evaluation = (_examples(artifact, split) for split in ("train", "eval"))
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
        _execute(tmp_path / "out", input_base=str(folder), format="tfrecord")
    for link in folder.iterdir():
        target = link.resolve()
        link.unlink()
        link.write_bytes(target.read_bytes())
    artifact = _execute(tmp_path / "out", input_base=str(folder), format="tfrecord")
    for split in ("train", "eval"):
        first, again = (
            [(example["image"], example["label"]) for example in _examples(source, split)]
            for source in (optdigits, artifact)
        )
        assert again == first
    assert json.loads(Path(artifact.uri, "classes.json").read_text()) == [
        str(digit) for digit in range(10)
    ]


def test_given_class_names_are_written(tmp_path: Path) -> None:
    classes = [f"zäh{digit}" for digit in range(10)]
    artifact = _execute(tmp_path / "out", input_base=_OPTDIGITS, format="idx", classes=classes)
    text = Path(artifact.uri, "classes.json").read_text(encoding="utf-8")
    assert json.loads(text) == classes


class TestFailure:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        _write_image_folder(tmp_path / "in")
        (tmp_path / "in/eval/dog/9.png").write_bytes(b"no image")
        return tmp_path / "in"

    def test_in_a_worker_is_one_clean_error(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(DataError) as caught:
            _execute(tmp_path / "out", input_base=str(folder), format="image_folder")
        message = str(caught.value)
        assert message.startswith(f"{folder}/eval/dog/9.png: expected a PNG or JPEG image, found")
        assert message.endswith("Replace the image, or remove it.")

    def test_is_not_hidden_by_a_worker_that_still_writes(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def still_being_written(path: str) -> None:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", path)

        monkeypatch.setattr("components.temporary_folder.fileio.rmtree", still_being_written)
        with pytest.raises(DataError, match=r"eval/dog/9\.png: expected a PNG or JPEG image"):
            _execute(tmp_path / "out", input_base=str(folder), format="image_folder")

    def test_leaves_nothing_that_could_be_taken_for_complete(
        self, folder: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "out"
        for name in ("Split-train/data_tfrecord-00000-of-00001.gz", "classes.json", ".partial/x"):
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).touch()  # As a killed attempt may have left them.
        with pytest.raises(DataError):
            _execute(output, input_base=str(folder), format="image_folder")
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
            _execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="tfrecord")
        assert list((tmp_path / "out").iterdir()) == []

    def test_of_a_missing_folder_is_a_clean_error(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="absent: expected a folder, found nothing"):
            _execute(tmp_path / "out", input_base=str(tmp_path / "absent"), format="idx")


class _Pipeline:
    """A pipeline of one ImageExampleGen, with its metadata."""

    def __init__(self, root: Path, input_base: str, format: str) -> None:
        self._connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
        self._root = root
        self._arguments: dict[str, Any] = {
            "input_base": input_base,
            "format": format,
            "domain": "digits",
        }

    def run(self, source_fingerprint: str = "1") -> str:
        """Runs it; returns the state of the new execution."""
        LocalDagRunner().run(self.build(source_fingerprint))
        return self.states()[-1]

    def states(self) -> list[str]:
        """The state of each execution so far."""
        with metadata.Metadata(self._connection) as store:
            executions = sorted(store.store.get_executions(), key=lambda execution: execution.id)
        name = metadata_store_pb2.Execution.State.Name
        return [name(execution.last_known_state) for execution in executions]

    def build(self, source_fingerprint: str = "1") -> pipeline.Pipeline:
        return pipeline.Pipeline(
            pipeline_name="ingest",
            pipeline_root=str(self._root / "artifacts"),
            components=[ImageExampleGen(**self._arguments, source_fingerprint=source_fingerprint)],
            enable_cache=True,
            metadata_connection_config=self._connection,
            beam_pipeline_args=_BEAM_ARGS,
        )

    def examples(self) -> list[standard_artifacts.Examples]:
        with metadata.Metadata(self._connection) as store:
            found = store.store.get_artifacts_by_type("Examples")
        artifacts = []
        for stored in found:
            artifact = standard_artifacts.Examples()
            artifact.set_mlmd_artifact(stored)
            artifacts.append(artifact)
        return artifacts


class TestInAPipeline:
    def test_writes_what_the_executor_alone_writes_and_then_comes_from_the_cache(
        self, tmp_path: Path
    ) -> None:
        alone = _execute(tmp_path / "alone", input_base=_OPTDIGITS, format="idx")
        ingest = _Pipeline(tmp_path, _OPTDIGITS, "idx")
        assert ingest.run() == "COMPLETE"
        (artifact,) = ingest.examples()
        assert _files(Path(artifact.uri)) == _files(Path(alone.uri))
        assert artifact_utils.decode_split_names(artifact.split_names) == ["train", "eval"]
        assert artifact.get_string_custom_property("input_fingerprint")
        assert ingest.run() == "CACHED"

    def test_changed_code_or_data_invalidate_the_cache(self, tmp_path: Path) -> None:
        _write_image_folder(tmp_path / "in")
        ingest = _Pipeline(tmp_path, str(tmp_path / "in"), "image_folder")
        assert ingest.run() == "COMPLETE"
        assert ingest.run() == "CACHED"
        assert ingest.run(source_fingerprint="2") == "COMPLETE"
        # TFX's own fingerprint does not see an image that moves to another class.
        (tmp_path / "in/train/cat/0.png").rename(tmp_path / "in/train/dog/5.png")
        assert ingest.run() == "COMPLETE"
        labels = [example["label"] for example in _examples(ingest.examples()[-1], "train")]
        assert sorted(labels) == [0, 0, 1, 1, 1, 1]

    def test_failure_marks_no_artifact_as_complete(self, tmp_path: Path) -> None:
        _write_image_folder(tmp_path / "in")
        (tmp_path / "in/train/cat/0.png").write_bytes(b"no image")
        ingest = _Pipeline(tmp_path, str(tmp_path / "in"), "image_folder")
        with pytest.raises(DataError, match=r"train/cat/0\.png: expected a PNG or JPEG image"):
            ingest.run()
        assert ingest.states() == ["FAILED"]
        assert ingest.examples() == []
        assert not list((tmp_path / "artifacts").rglob("classes.json"))


def test_compiles_to_an_intermediate_representation_that_names_its_driver(tmp_path: Path) -> None:
    compiled = compiler.Compiler().compile(_Pipeline(tmp_path, _OPTDIGITS, "idx").build())
    assert "components.image_example_gen.driver.Driver" in str(compiled.deployment_config)


def test_colour_idx_of_another_size_and_class_count_just_works(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 9, 3), dtype=np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 15
    (tmp_path / "in").mkdir()
    for split in ("train", "t10k"):
        write_idx(tmp_path / "in" / f"{split}-images-idx4-ubyte.gz", images)
        write_idx(tmp_path / "in" / f"{split}-labels-idx1-ubyte.gz", labels)
    artifact = _execute(tmp_path / "out", input_base=str(tmp_path / "in"), format="idx")
    (example, *_) = _examples(artifact, "eval")
    np.testing.assert_array_equal(tf.io.decode_png(example["image"]), images[0])
    assert len(json.loads(Path(artifact.uri, "classes.json").read_text())) == 15
