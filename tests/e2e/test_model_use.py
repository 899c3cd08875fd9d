"""A pushed model in use: BulkInferrer, predict, history and rollback around real runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from tfx.components.bulk_inferrer.executor import Executor as BulkInferrerExecutor
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from tests.e2e.conftest import FinishedRun, read_result, run_quickly, warmstart

pytestmark = pytest.mark.e2e


def bulk_infer(examples: Path, version: Path, folder: Path) -> dict[bytes, np.ndarray]:
    """The logits that BulkInferrer writes, by encoded image."""
    from tensorflow_serving.apis import prediction_log_pb2

    model, given = standard_artifacts.Model(), standard_artifacts.Examples()
    result = standard_artifacts.InferenceResult()
    model.uri, given.uri, result.uri = str(folder / "model"), str(examples), str(folder / "result")
    Path(model.uri).mkdir(parents=True)
    Path(model.uri, "Format-Serving").symlink_to(version)
    given.split_names = artifact_utils.encode_split_names(["train", "eval"])
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=FnApiRunner"], tmp_dir=str(folder / "tmp")
    )
    BulkInferrerExecutor(context).Do(
        {"model": [model], "examples": [given]},
        {"inference_result": [result]},
        {
            "data_spec": json.dumps({"example_splits": ["eval"]}),
            "model_spec": json.dumps({"model_signature_name": ["features"]}),
        },
    )
    answers = {}
    files = [str(path) for path in Path(result.uri).glob("*.gz")]
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record).predict_log
        (example,) = tf.make_ndarray(log.request.inputs["examples"])
        logits = tf.make_ndarray(log.response.outputs["logits"])
        answers[encoded_image(example)] = logits.ravel()
    return answers


def encoded_image(example: bytes) -> bytes:
    return tf.train.Example.FromString(example).features.feature["image"].bytes_list.value[0]


def test_bulk_inferrer_and_predict_give_equal_answers(
    quick_run: FinishedRun, tmp_path: Path
) -> None:
    ingested = (quick_run.output / "artifacts/TargetExampleGen/examples").iterdir()
    # After the first run, other tests run other targets in this folder, and push more versions.
    examples = min(ingested, key=lambda folder: int(folder.name))
    version = Path(quick_run.result["pushed_to"])
    inferred = bulk_infer(examples, version, tmp_path)
    assert len(inferred) > 800
    images = tmp_path / "images"
    images.mkdir()
    contents = dict(enumerate(inferred))
    for number, content in contents.items():
        (images / f"{number}.png").write_bytes(content)
    done = warmstart(
        *("predict", version, images, "--format", "json"),
        *("--output", tmp_path / "answers.json"),
    )
    assert done.code == 0, done.output
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert answers["model"] == str(version)
    assert len(answers["predictions"]) == len(inferred)
    for row in answers["predictions"]:
        logits = inferred[contents[int(Path(row["image"]).stem)]]
        assert row["class"] == quick_run.result["target"]["classes"][logits.argmax()]
        probability = softmax(logits).max()
        assert row["probability"] == pytest.approx(probability, abs=1e-4)


def test_history_has_the_run_with_its_version(quick_run: FinishedRun) -> None:
    done = warmstart("history", quick_run.output)
    assert done.code == 0, done.output
    assert "blessed" in done.output
    assert Path(quick_run.result["pushed_to"]).name in done.output
    assert max(map(len, done.output.splitlines())) <= 80


def test_a_cached_run_after_a_rollback_says_that_another_version_is_newer(
    small_mnist: Path, quick_run: FinishedRun, used_run: Path
) -> None:
    pushed = Path(quick_run.result["pushed_to"])
    older = pushed.with_name(str(int(pushed.name) - 1000))
    shutil.copytree(pushed, older)
    rolled_back = warmstart("rollback", used_run)
    assert rolled_back.code == 0, rolled_back.output
    newest = max((used_run / "serving").iterdir(), key=lambda path: int(path.name))
    done = run_quickly(small_mnist, used_run)
    assert done.code == 0, done.output
    assert f"model servers take {newest.name}" in done.output
    assert max((used_run / "serving").iterdir(), key=lambda path: int(path.name)) == newest


def test_a_cached_run_pushes_again_what_was_deleted(
    small_mnist: Path, quick_run: FinishedRun, used_run: Path
) -> None:
    shutil.rmtree(used_run / "serving")
    done = run_quickly(small_mnist, used_run)
    assert done.code == 0, done.output
    result = read_result(used_run)
    assert "Pusher" not in result["cached"]
    assert "PretrainTrainer" in result["cached"]
    assert Path(result["pushed_to"], "saved_model.pb").is_file()
