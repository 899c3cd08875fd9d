"""`warmstart check` on images that belong together, or seem to."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipelines.cli import main

PATTERN = "/(w[0-9]+)_"


def check(folder: Path, *overrides: str) -> Result:
    options = ["target.format=image_folder", f"target.path={folder}", *overrides]
    options = [part for option in options for part in ("--set", option)]
    return CliRunner().invoke(main, ["check", "configs/mnist_to_optdigits.yaml", *options])


def writers(folder: Path, train: range, evaluation: range) -> Path:
    """Two images of each digit by each of some writers, and as many by others."""
    rng = np.random.default_rng(0)
    for split, numbers in (("train", train), ("eval", evaluation)):
        for digit, number, image in itertools.product(range(10), numbers, range(2)):
            path = folder / split / str(digit) / f"w{number}_{image}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
    return folder


def test_without_groups_it_says_that_images_count_as_independent() -> None:
    shown = CliRunner().invoke(main, ["check", "configs/mnist_to_optdigits.yaml"]).output
    assert "target.group is not set: each eval image counts as independent" in shown


def test_names_that_suggest_groups_are_a_warning(tmp_path: Path) -> None:
    shown = check(writers(tmp_path, range(6), range(6, 12)))
    assert shown.exit_code == 0, shown.output
    (warning,) = [line for line in shown.output.splitlines() if line.startswith("warning")]
    assert "names that begin alike, such as 'w" in warning
    assert "target.group" in warning


@pytest.mark.parametrize(
    ("needed", "level", "said"),
    [(6, "ok", "target.group: 6 groups of eval images"), (7, "warning", "the gate needs 7")],
)
def test_with_groups_it_counts_them(tmp_path: Path, needed: int, level: str, said: str) -> None:
    folder = writers(tmp_path, range(6), range(6, 12))
    shown = check(folder, f"target.group={PATTERN}", f"gate.min_eval_groups={needed}")
    assert shown.exit_code == 0, shown.output
    assert any(line.startswith(level) and said in line for line in shown.output.splitlines()), (
        shown.output
    )


def test_a_writer_in_both_splits_is_an_error_that_names_images(tmp_path: Path) -> None:
    shown = check(writers(tmp_path, range(7), range(6, 12)), f"target.group={PATTERN}")
    assert shown.exit_code == 1
    assert "found group 'w6' in train (train/" in shown.output
    assert "1 group of 6 in the eval split" in shown.output


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("/(w[0-9]", "target.group"),
        ("/w[0-9]\\(a\\)", "has no parentheses that capture a group"),
        ("writer", "a labels.csv with the column 'writer'"),
        ("/(v[0-9]+)_", "found no match"),
    ],
)
def test_groups_that_cannot_be_found_are_errors(tmp_path: Path, group: str, said: str) -> None:
    shown = check(writers(tmp_path, range(2), range(2, 4)), f"target.group={group}")
    assert shown.exit_code == 1
    assert said in shown.output
