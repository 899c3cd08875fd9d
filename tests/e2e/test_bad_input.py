"""Bad input ends in one readable message, a non-zero exit and no artifact marked complete.

`run` sees most of it at a first look, which is skipped here where the components shall see it.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipelines.cli import main
from tests.e2e.conftest import read_idx, write_first_images_of_mnist, write_idx

pytestmark = pytest.mark.e2e

CONFIG = "configs/mnist_to_optdigits.yaml"
IMAGES = "train-images-idx3-ubyte.gz"
LABELS = "train-labels-idx1-ubyte.gz"


def truncate(domain: Path) -> str:
    path = domain / IMAGES
    path.write_bytes(path.read_bytes()[:-100])
    return str(path)


def wrong_magic(domain: Path) -> str:
    path = domain / IMAGES
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(b"\x12\x34" + content[2:]))
    return str(path)


def count_mismatch(domain: Path) -> str:
    path = domain / LABELS
    write_idx(path, read_idx(path)[:-1])
    return str(path)


def label_out_of_range(domain: Path) -> str:
    path = domain / LABELS
    labels = read_idx(path).copy()
    labels[7] = 77
    write_idx(path, labels)
    return str(path)


def missing_file(domain: Path) -> str:
    (domain / LABELS).unlink()
    return "train-labels"


def empty_directory(domain: Path) -> str:
    for path in domain.iterdir():
        path.unlink()
    return str(domain)


def a_class_without_examples(domain: Path) -> str:
    images, labels = read_idx(domain / IMAGES), read_idx(domain / LABELS)
    write_idx(domain / IMAGES, images[labels != 4])
    write_idx(domain / LABELS, labels[labels != 4])
    return "found label 5"


Spoil = Callable[[Path], str]


@pytest.fixture(scope="module")
def sound_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of few images: it only has to be sound."""
    folder = tmp_path_factory.mktemp("source") / "mnist"
    return write_first_images_of_mnist(folder, train=500, t10k=200)


@pytest.mark.parametrize(
    "spoil",
    [
        truncate,
        wrong_magic,
        count_mismatch,
        label_out_of_range,
        missing_file,
        empty_directory,
        a_class_without_examples,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_a_spoiled_target_is_refused(
    spoil: Spoil, sound_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = tmp_path / "domain"
    shutil.copytree("data/optdigits", domain)
    place = spoil(domain)
    options = (f"source.path={sound_source}", f"target.path={domain}")
    assert place in refusal(tmp_path / "first_look", *options)
    assert not (tmp_path / "first_look").exists()
    monkeypatch.setattr("pipelines.commands.config_check.look_quickly", lambda config: [])
    assert place in refusal(tmp_path / "output", *options)
    assert_nothing_of_the_target_is_complete(tmp_path / "output")


def test_the_target_gate_stops_at_a_class_without_examples(
    sound_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.commands.config_check.look_quickly", lambda config: [])
    domain = tmp_path / "domain"
    shutil.copytree("data/optdigits", domain)
    a_class_without_examples(domain)
    message = refusal(
        tmp_path / "output",
        f"source.path={sound_source}",
        f"target.path={domain}",
        "source.classes=['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']",
    )
    assert "optdigits" in message
    assert "class '4'" in message
    assert_nothing_of_the_target_is_complete(tmp_path / "output")


def test_an_undecodable_image_is_refused(
    sound_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.commands.config_check.look_quickly", lambda config: [])
    from PIL import Image

    for split in ("train", "eval"):
        for label in range(10):
            folder = tmp_path / "domain" / split / str(label)
            folder.mkdir(parents=True)
            Image.fromarray(np.full((8, 8), 20 * label, np.uint8)).save(folder / "a.png")
    broken = tmp_path / "domain/train/3/a.png"
    broken.write_bytes(b"not an image")
    message = refusal(
        tmp_path / "output",
        f"source.path={sound_source}",
        f"target.path={tmp_path / 'domain'}",
        "target.format=image_folder",
    )
    assert str(broken) in message
    assert_nothing_of_the_target_is_complete(tmp_path / "output")


def refusal(output: Path, *overrides: str) -> str:
    """Runs in this process, where TensorFlow is imported already; returns what the user reads."""
    options = [part for override in overrides for part in ("--set", override)]
    result = CliRunner().invoke(main, ["run", CONFIG, *options, "--output", str(output)])
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    assert "is unexpected" not in result.output
    assert not (output / "result.json").exists()
    assert not (output / "serving").exists()
    return result.output


def assert_nothing_of_the_target_is_complete(output: Path) -> None:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(output / "metadata.db")
    store = MetadataStore(connection)
    failed = [
        execution
        for execution in store.get_executions()
        if execution.last_known_state == metadata_store_pb2.Execution.FAILED
    ]
    assert len(failed) == 1
    outputs = {
        event.artifact_id
        for event in store.get_events_by_execution_ids([failed[0].id])
        if event.type == metadata_store_pb2.Event.OUTPUT
    }
    live = [
        artifact
        for artifact in store.get_artifacts_by_id(list(outputs))
        if artifact.state == metadata_store_pb2.Artifact.LIVE
    ]
    assert live == []
