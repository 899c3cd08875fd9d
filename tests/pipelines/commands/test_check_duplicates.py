"""`warmstart check` finds images that splits, classes or domains share, and names them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from data.idx_arrays import read_idx_arrays, write_idx_arrays
from pipelines.cli import main
from tests.components.image_example_gen.leaked_domain import (
    leaked_domain,
    sound_domain,
    write_folder,
)

CONFIG = "configs/mnist_to_optdigits.yaml"


def check(*overrides: str) -> Result:
    options = [part for override in overrides for part in ("--set", override)]
    return CliRunner().invoke(main, ["check", CONFIG, *options])


def folders(target: Path, source: Path) -> list[str]:
    return [
        f"source.path={source}",
        "source.format=image_folder",
        "source.schema_file=null",
        f"target.path={target}",
        "target.format=image_folder",
    ]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "sound", sound_domain())


def test_copies_within_a_domain_are_an_error_that_names_them(tmp_path: Path, sound: Path) -> None:
    leaked = write_folder(tmp_path / "leaked", leaked_domain())
    result = check(*folders(leaked, sound), "validation.duplicates=stop")
    assert result.exit_code == 1
    for copy, original in (
        ("eval/0/exact.img.png", "train/0/0.png"),
        ("eval/0/re-encoded.img.png", "train/0/1.png"),
        ("eval/0/resized.img.png", "train/0/2.png"),
        ("eval/2/contradictory.png (eval, class '2')", "train/0/3.png (train, class '0')"),
    ):
        (line,) = [line for line in result.output.splitlines() if f"  {copy}" in line]
        assert original in line


def test_warn_makes_them_a_warning(tmp_path: Path, sound: Path) -> None:
    leaked = write_folder(tmp_path / "leaked", leaked_domain())
    result = check(*folders(leaked, sound), "validation.duplicates=warn")
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if "4 eval images" in line]
    assert line.startswith("warning")


def test_target_eval_images_that_the_source_trains_on_are_an_error(tmp_path: Path) -> None:
    mnist, mnist_labels = read_idx_arrays(Path("data/mnist"), "train")
    target = tmp_path / "target"
    shutil.copytree("data/mnist", target, ignore=shutil.ignore_patterns("train-*"))
    images, labels = read_idx_arrays(Path("data/mnist"), "eval")
    write_idx_arrays(target, "train", images[:500], labels[:500])
    write_idx_arrays(
        target,
        "t10k",
        np.concatenate([images[500:900], mnist[[7]]]),
        np.concatenate([labels[500:900], mnist_labels[[7]]]),
    )
    result = check(f"target.path={target}")
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if line.startswith("error")]
    assert "eval/00000400 (target, eval, class '3') is an exact copy of train/00000007" in line


def test_it_says_how_many_images_were_compared() -> None:
    output = check().output
    assert (
        "target optdigits: no image is in both splits or in two classes (1,797 images compared)"
        in output
    )
    assert (
        "source mnist: no image is in both splits or in two classes (10,000 images compared; the "
        "run compares all, and so does --all)" in output
    )
