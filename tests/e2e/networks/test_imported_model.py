"""A run starts from a model that plain Keras made: without a source, with one, in containers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipelines.config import load_config
from pipelines.kubeflow.compiler import compile_pipeline
from tests.e2e.conftest import read_idx, read_result, set_options, warmstart, write_idx_domain
from tests.kubeflow.backend.driver import Driver
from tests.kubeflow.backend.launcher import Launcher
from tests.kubeflow.backend.object_store import ObjectStore
from tests.kubeflow.backend.pods import PodServer
from tests.kubeflow.conftest import IMAGE, PIPELINE_ROOT

pytestmark = pytest.mark.e2e

SIZE = 14
DIGITS = [str(digit) for digit in range(10)]


def first_digits(domain: str, **counts: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    def read(split: str, kind: str) -> np.ndarray:
        return read_idx(Path(f"data/{domain}/{split}-{kind}-ubyte.gz"))[: counts[split]]

    return {split: (read(split, "images-idx3"), read(split, "labels-idx1")) for split in counts}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small source, a small target, and a model of the source's digits."""
    folder = tmp_path_factory.mktemp("imported")
    source = first_digits("mnist", train=1500, t10k=300)
    write_idx_domain(folder / "mnist", source)
    write_idx_domain(folder / "optdigits", first_digits("optdigits", train=400, t10k=200))
    images, labels = source["train"]
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu", name="embedding"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    small = images.reshape(-1, SIZE, 2, SIZE, 2).mean(axis=(2, 4))[..., np.newaxis]
    model.fit(small, labels, batch_size=64, epochs=6, verbose=0)
    model.save(folder / "digits.keras")
    (folder / "classes.json").write_text(json.dumps(DIGITS))
    return folder


@pytest.fixture(scope="module")
def config(folder: Path) -> Path:
    path = folder / "digits.yaml"
    path.write_text(
        f"""
name: digits
target: {{name: optdigits, path: {folder}/optdigits, shots: 5}}
network: {{image_size: {SIZE}}}
preprocessing: {{augmentation: none}}
pretraining: {{from: {folder}/digits.keras, pixels: byte}}
transfer: {{method: fine_tune, steps: 20}}
training: {{precision: float32}}
gate: {{min_eval_examples: 50, max_class_drop: 1.0}}
"""
    )
    return path


@pytest.fixture(scope="module")
def without_source(config: Path, folder: Path) -> dict[str, Any]:
    done = warmstart("run", config, "--output", folder / "run")
    assert done.code == 0, done.output
    assert "No source domain was given" in done.output
    return read_result(folder / "run")


def test_without_a_source_nothing_is_pretrained_and_nothing_is_said_of_forgetting(
    without_source: dict[str, Any], folder: Path
) -> None:
    result = without_source
    assert "ModelImporter" in result["seconds"]
    assert not {"PretrainTrainer", "SourceExampleGen"} & set(result["seconds"])
    source = result["source"]
    assert source["name"] is source["accuracy"] is source["accuracy_after_transfer"] is None
    assert source["classes"] == DIGITS
    assert result["arms"]["pretrained"]["accuracy"] > 0.5
    assert result["arms"]["warm_start"]["accuracy"] > result["arms"]["scratch"]["accuracy"]
    report = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "No source domain was given: what the transfer forgot is unknown" in report


def test_the_warm_start_is_restored_exactly(without_source: dict[str, Any], folder: Path) -> None:
    assert without_source["warm_start"]["restored_output_difference"] < 1e-4
    (model,) = (folder / "run/artifacts/ModelImporter/model").iterdir()
    metadata = json.loads((model / "checkpoint" / "network.json").read_text())
    assert metadata["imported"]["kind"] == "Keras file"
    assert metadata["imported"]["output_difference"] < 1e-4


def test_a_later_run_starts_from_what_this_one_left_on_a_given_source(
    without_source: dict[str, Any], config: Path, folder: Path
) -> None:
    source = f"{{name: mnist, path: {folder}/mnist}}"
    options = [f"source={source}", f"pretraining={{from: {folder}/run}}", "transfer.method=joint"]
    done = warmstart("run", config, "--output", folder / "next", *set_options(options))
    assert done.code == 0, done.output
    result = read_result(folder / "next")
    assert not {"PretrainTrainer", "Transform"} & set(result["seconds"])
    assert result["source"]["name"] == "mnist"
    assert result["source"]["accuracy"] > 0.5
    assert result["warm_start"]["restored_source_accuracy"] > 0.5


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.upload(folder / "optdigits", "s3://bucket/data/optdigits")
    for name in ("digits.keras", "classes.json"):
        store.put(f"s3://bucket/models/{name}", folder / name)
    yield store
    store.close()


def test_compiled_tasks_take_the_model_from_an_object_store_and_give_the_same_numbers(
    without_source: dict[str, Any],
    config: Path,
    store: ObjectStore,
    pods: PodServer,
    tmp_path: Path,
) -> None:
    overrides = [
        "target.path=s3://bucket/data/optdigits",
        "pretraining.from=s3://bucket/models/digits.keras",
        f"pretraining.classes={json.dumps(DIGITS)}",
        f"kubeflow.serving_directory={tmp_path}/serving",
    ]
    spec = tmp_path / "pipeline.yaml"
    compile_pipeline(
        load_config(config, overrides), image=IMAGE, pipeline_root=PIPELINE_ROOT, output=spec
    )
    launcher = Launcher(Driver(spec, "s3://bucket/runs", {}), store, tmp_path / "disks", pods=pods)
    launcher.run()
    evaluation = json.loads(launcher.read("transfer-evaluator", "evaluation", "evaluation.json"))
    for key in ("arms", "comparisons", "source", "verdict", "reasons"):
        assert evaluation[key] == without_source[key], key
    assert "pretrained-model-importer" in launcher.driver.tasks
