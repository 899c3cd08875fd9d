"""A pushed model answers image files and is held against the labels of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modules.core.errors import DataError, WarmstartError
from modules.evaluation.paired_statistics import wilson_interval
from tests.pushed_models import push
from tests.training_domain import CLASS_NAMES
from warmstart.models import evaluate, predict


@pytest.fixture(scope="module")
def run(pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    push(pretrained / "model", output)
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in class folders without splits; each `horizontal` one is a copy of a vertical one."""
    folder = tmp_path_factory.mktemp("labelled")
    rng = np.random.default_rng(0)
    for number in range(30):
        pixels = rng.integers(0, 60, (12, 12)).astype(np.uint8)
        pixels[:, 5] = 255
        for name in CLASS_NAMES[:2]:
            (folder / name).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(folder / name / f"{number:02d}.png")
    return folder


def test_answers_are_counted_by_class(run: Path, folder: Path) -> None:
    result = evaluate(run, folder, split="all")
    answers = predict(run, folder / "vertical")
    right = sum(each.class_name == "vertical" for each in answers.predictions)
    wrong = sum(each.class_name == "horizontal" for each in answers.predictions)
    assert result.by_class["vertical"].correct == right
    assert result.by_class["horizontal"].correct == wrong
    assert result.score.total == 60
    assert result.accuracy == (right + wrong) / 60
    assert result.score.ci95 == wilson_interval(right + wrong, 60)
    assert f"<td>{right}/30</td>" in result._repr_html_()


def test_by_default_only_the_eval_split_counts(run: Path, folder: Path) -> None:
    result = evaluate(run, folder)
    assert result.split == "eval"
    assert 0 < result.score.total < 30
    assert result.score.total + evaluate(run, folder, split="train").score.total == 60


def test_idx_files_need_the_names_of_their_classes(run: Path) -> None:
    with pytest.raises(DataError, match="expected the model's classes, such as"):
        evaluate(run, "data/optdigits")


@pytest.mark.parametrize(
    ("place", "split", "expected"),
    [
        ("labelled", "test", "a split among train, eval, all"),
        ("absent", "eval", "absent"),
        ("", "all", "an empty folder"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    run: Path, folder: Path, tmp_path: Path, place: str, split: str, expected: str
) -> None:
    path = folder if place == "labelled" else tmp_path / place
    with pytest.raises(DataError, match=expected):
        evaluate(run, path, split=split)


def test_one_image_several_and_a_folder_are_predicted(run: Path, folder: Path) -> None:
    one = folder / "vertical/00.png"
    (answer,) = predict(run, one).predictions
    assert predict(run, [one, one]).predictions == (answer, answer)
    assert len(predict(str(run), str(folder)).predictions) == 60
    assert f"<td>{one}</td><td>{answer.class_name}</td>" in predict(run, one)._repr_html_()


def test_files_that_are_no_images_are_refused_unless_skipped(
    run: Path, folder: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    images = [folder / "vertical/00.png", bad]
    with pytest.raises(WarmstartError, match="1 of 2 files are not images"):
        predict(run, images)
    result = predict(run, images, skip_bad=True)
    assert (len(result.predictions), len(result.skipped)) == (1, 1)
