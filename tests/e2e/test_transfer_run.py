"""The whole pipeline on real digits: blessed, cached, re-run where needed, and refused."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modules.models.checkpointing import read_checkpoint_variables
from tests.e2e.conftest import FinishedRun, read_idx, read_result, run_quickly, write_idx

pytestmark = pytest.mark.e2e

SOURCE_TRUNK = {
    "SourceExampleGen",
    "SourceStatisticsGen",
    "ImageSchemaGen",
    "SourceValidator",
    "Transform",
    "PretrainTrainer",
}
NO_ENGINE = "{runner: portable, job_endpoint: 'localhost:1', environment: {type: LOOPBACK}}"
ALL_COMPONENTS = SOURCE_TRUNK | {
    "TargetExampleGen",
    "TargetStatisticsGen",
    "TargetValidator",
    "ScratchTrainer",
    "WarmStartTrainer",
    "ServedModelFinder",
    "TransferEvaluator",
    "Pusher",
    "TransferReport",
}


@pytest.fixture
def output(quick_run: FinishedRun) -> Path:
    return quick_run.output


@pytest.fixture
def first_result(quick_run: FinishedRun) -> dict:
    return quick_run.result


def served_versions(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "serving").glob("*"))


def weights_of(output: Path, trainer: str, run: int) -> dict[str, np.ndarray]:
    """The trained weights of one of a trainer's runs, in the order of the runs."""
    runs = sorted((output / "artifacts" / trainer / "model").iterdir(), key=lambda p: int(p.name))
    return read_checkpoint_variables(str(runs[run] / "checkpoint"))


def image_folder_of_optdigits(folder: Path) -> Path:
    for split, target in (("train", "train"), ("t10k", "eval")):
        images = read_idx(Path(f"data/optdigits/{split}-images-idx3-ubyte.gz"))
        labels = read_idx(Path(f"data/optdigits/{split}-labels-idx1-ubyte.gz"))
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = folder / target / str(label) / f"{number:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.kron(image, np.ones((2, 2), np.uint8))).save(path)
    return folder


def test_a_real_gain_is_blessed_and_pushed(first_result: dict, output: Path) -> None:
    assert first_result["verdict"] == "blessed"
    arms = first_result["arms"]
    assert arms["warm_start"]["accuracy"] > arms["pretrained"]["accuracy"]
    assert arms["warm_start"]["accuracy"] > 0.9
    assert Path(first_result["pushed_to"], "saved_model.pb").is_file()
    assert served_versions(output) == [Path(first_result["pushed_to"]).name]


def test_the_result_holds_the_keys_of_the_contract(first_result: dict) -> None:
    assert first_result["schema_version"] == 1
    assert {"name", "accuracy", "examples"} <= set(first_result["source"])
    assert {"name", "shots", "train_examples", "eval_examples"} <= set(first_result["target"])
    assert first_result["target"]["train_examples"] == 100
    assert set(first_result["arms"]) == {"pretrained", "scratch", "warm_start"}
    for arm in first_result["arms"].values():
        assert {"accuracy", "ci95", "correct", "total", "per_class"} <= set(arm)
        assert arm["accuracy"] == pytest.approx(arm["correct"] / arm["total"])
        assert arm["ci95"][0] <= arm["accuracy"] <= arm["ci95"][1]
    assert set(first_result["comparisons"]) == {
        "warm_start_vs_pretrained",
        "warm_start_vs_scratch",
    }
    for comparison in first_result["comparisons"].values():
        assert {"difference", "ci95", "p_value"} <= set(comparison)
    assert set(first_result["trainings"]) == set(first_result["arms"])
    for training in first_result["trainings"].values():
        assert training["steps"] > 0
        assert training["seconds"] > 0
        assert training["stopped"] is None
    assert first_result["reasons"]
    assert first_result["transfer"]["method"] == "information_maximization"
    assert "every target class is one of the source's" in first_result["transfer"]["chosen_because"]
    assert set(first_result["transferability"]) == {
        "leep",
        "log_me",
        "h_score",
    }
    for estimate in first_result["transferability"].values():
        assert isinstance(estimate["value"], float)
    assert ALL_COMPONENTS | {"total"} <= set(first_result["seconds"])
    assert first_result["environment"]["tfx"]
    assert first_result["seed"] == 0


def test_the_terminal_shows_progress_the_arms_and_where_things_are(
    quick_run: FinishedRun, output: Path
) -> None:
    printed = quick_run.command.output
    lines = printed.splitlines()
    for component in ALL_COMPONENTS:
        assert any(line.startswith(f"  {component}") for line in lines), printed
    for words in ("pretrained (zero-shot)", "scratch control", "warm start", "Blessed"):
        assert words in printed
    for name in ("result.json", "report.html"):
        assert str(output / name) in printed
        assert (output / name).is_file()
    assert "WARNING" not in printed
    assert "\x1b[" not in printed


def test_logs_go_to_a_file(output: Path) -> None:
    log = min((output / "logs").glob("*.log"))
    assert "Component PretrainTrainer is finished" in log.read_text(encoding="utf-8")


def test_evaluation_also_loads_in_tfma(first_result: dict, output: Path) -> None:
    import tensorflow_model_analysis as tfma

    (evaluation,) = (output / "artifacts/TransferEvaluator/evaluation").iterdir()
    for arm, expected in first_result["arms"].items():
        loaded = tfma.load_eval_result(str(evaluation), model_name=arm)
        ((_, overall),) = (part for part in loaded.slicing_metrics if part[0] == ())
        accuracy = overall[""][""]["accuracy"]["doubleValue"]
        assert accuracy == pytest.approx(expected["accuracy"])


def test_then_a_second_run_is_cached_a_new_target_is_not_and_a_harmful_recipe_is_refused(
    small_mnist: Path, output: Path, first_result: dict, tmp_path: Path
) -> None:
    # Another engine, which is not even there: the cache asks for none.
    second = run_quickly(small_mnist, output, f"beam={NO_ENGINE}")
    assert second.code == 0, second.output
    cached = read_result(output)
    assert set(cached["cached"]) == ALL_COMPONENTS
    for unchanged in ("arms", "comparisons", "verdict", "reasons", "pushed_to", "warm_start"):
        assert cached[unchanged] == first_result[unchanged]
    pushed_once = served_versions(output)

    folder = image_folder_of_optdigits(tmp_path / "folder")
    other = run_quickly(small_mnist, output, f"target.path={folder}", "target.format=image_folder")
    assert other.code == 0, other.output
    changed = read_result(output)
    assert set(changed["cached"]) == SOURCE_TRUNK
    assert changed["arms"]["warm_start"]["accuracy"] > 0.9

    pushed_twice = served_versions(output)
    assert set(pushed_once) <= set(pushed_twice)
    harmful = run_quickly(
        small_mnist,
        output,
        "transfer.method=fine_tune",
        "transfer.learning_rate=0.001",
        "target.shots=1",
        flags=["--require-blessing"],
    )
    assert harmful.code == 3, harmful.output
    refused = read_result(output)
    assert refused["verdict"] == "not_blessed"
    assert refused["pushed_to"] is None
    # Better than the pretrained model on the whole, but it forgot a class.
    assert "No class may fall more than 5 points" in " ".join(refused["reasons"])
    assert served_versions(output) == pushed_twice
    assert "serving is untouched" in harmful.output


def test_permuted_eval_labels_change_no_weight(
    small_mnist: Path, output: Path, first_result: dict, tmp_path: Path
) -> None:
    blind = tmp_path / "optdigits"
    shutil.copytree("data/optdigits", blind)
    labels = blind / "t10k-labels-idx1-ubyte.gz"
    write_idx(labels, np.random.default_rng(0).permutation(read_idx(labels)))
    done = run_quickly(small_mnist, output, f"target.path={blind}")
    assert done.code == 0, done.output
    result = read_result(output)
    assert not {"ScratchTrainer", "WarmStartTrainer"} & set(result["cached"])
    for arm, before in first_result["arms"].items():
        assert before["accuracy"] > 0.7
        assert result["arms"][arm]["accuracy"] < 0.2
    assert result["verdict"] == "not_blessed"
    told = "The labels of the target's eval split have nothing to do with its images"
    assert told in " ".join(done.output.split())
    for trainer in ("ScratchTrainer", "WarmStartTrainer"):
        first, permuted = (weights_of(output, trainer, run) for run in (0, -1))
        assert first.keys() == permuted.keys()
        for name, weight in first.items():
            assert weight.dtype == np.float32
            np.testing.assert_array_equal(weight, permuted[name])


def test_a_failed_run_leaves_the_last_result_and_the_cache_as_they_were(
    small_mnist: Path, output: Path, first_result: dict, tmp_path: Path
) -> None:
    before = (output / "result.json").read_bytes()
    broken = tmp_path / "broken"
    shutil.copytree("data/optdigits", broken)
    images = broken / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-500])
    failed = run_quickly(small_mnist, output, f"target.path={broken}")
    assert failed.code == 1
    assert str(images) in failed.output
    assert "Traceback" not in failed.output
    assert (output / "result.json").read_bytes() == before
    with sqlite3.connect(output / "metadata.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    again = run_quickly(small_mnist, output)
    assert again.code == 0, again.output
    # Another model may be served by now, and would have to be compared with.
    rerun = {"ServedModelFinder", "TransferEvaluator", "Pusher", "TransferReport"}
    assert ALL_COMPONENTS - rerun <= set(read_result(output)["cached"])


def test_nothing_half_written_is_left_beside_the_result(first_result: dict, output: Path) -> None:
    assert not [*output.glob("*.tmp"), *output.glob("*.partial*")]
