"""`warmstart check` finds what a run would stumble over, names the place, and trains nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from tests import spoiled_domains as spoil

CONFIG = "configs/mnist_to_optdigits.yaml"


def check(*overrides: str) -> Result:
    options = [part for override in overrides for part in ("--set", override)]
    return CliRunner().invoke(main, ["check", CONFIG, *options])


def errors(result: Result) -> list[str]:
    assert "Traceback" not in result.output
    return [line for line in result.output.splitlines() if line.startswith("error")]


def only_error(*overrides: str) -> str:
    result = check(*overrides)
    assert result.exit_code == 1
    (line,) = errors(result)
    return line


def test_the_default_scenario_is_ready() -> None:
    result = check()
    assert result.exit_code == 0, result.output
    assert "60,000 images (5,421 to 6,742 per class), 28x28, grey" in result.output
    assert "899 images" in result.output
    assert errors(result) == []
    assert "warning" not in result.output


def test_it_says_what_is_served_and_what_a_new_model_has_to_show(tmp_path: Path) -> None:
    output = f"output={tmp_path}"
    assert f"{tmp_path}/serving: nothing is served yet" in check(output).output
    version = tmp_path / "serving" / "1795539541"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"graph")
    for setting, words in {
        "not_worse": "must not be more than 1 point below it",
        "better": "must be better than it",
        "ignore": "is compared with it, whatever the outcome",
    }.items():
        told = check(output, f"gate.served={setting}").output
        assert f"version 1795539541 is served; a new model {words}" in told


def test_it_takes_less_than_five_seconds_and_no_tensorflow() -> None:
    code = (
        "import sys; from pipelines.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, "check", CONFIG], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (spoil.truncate, r"train-images-idx3-ubyte.gz (byte "),
        (spoil.wrong_magic, "expected IDX magic number 0x803 or 0x804, found 0x12340803"),
        (spoil.count_mismatch, "expected 897 images, one for each label"),
        (spoil.label_out_of_range, "expected labels without a gap (0 to 9"),
        (spoil.missing_file, "expected one file train-labels*"),
        (spoil.empty_folder, "expected one file train-labels*"),
        (spoil.missing_folder, "expected a folder, found nothing"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoiled_idx_domain_is_one_error(
    damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    domain = spoil.idx_copy(tmp_path / "domain")
    damage(domain)
    line = only_error(f"target.path={domain}")
    assert line.startswith("error    target optdigits: " + str(domain))
    assert message in line


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (spoil.undecodable_image, "expected a complete PNG image"),
        (spoil.empty_class, "eval/4: expected at least one image, found an empty folder"),
        (spoil.class_that_eval_lacks, "eval split, label: expected at least 1 example of each"),
        (spoil.missing_train, "expected a folder 'train' with one folder for each class"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoiled_image_folder_is_one_error(
    damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    damage(domain)
    assert message in only_error(f"target.path={domain}", "target.format=image_folder")


def test_a_sound_image_folder_is_ready(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    result = check(f"target.path={domain}", "target.format=image_folder")
    assert result.exit_code == 0, result.output


def test_every_bad_image_is_named_and_so_is_what_is_wrong_with_the_source(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    for name in ("train/3/00000.png", "train/7/00005.png"):
        (domain / name).write_bytes(b"no image")
    result = check(
        f"target.path={domain}", "target.format=image_folder", f"source.path={tmp_path / 'absent'}"
    )
    lines = errors(result)
    assert len(lines) == 2
    for place in ("absent", "train/3/00000.png", "train/7/00005.png"):
        assert result.output.count(place) == 1


def test_more_shots_than_labels_is_an_error() -> None:
    line = only_error("target.shots=88")
    assert (
        "expected 88 labelled examples of each class (target.shots), found 87 of class '8'" in line
    )


def test_too_few_eval_examples_for_the_gate_is_a_warning() -> None:
    result = check("gate.min_eval_examples=900")
    assert result.exit_code == 0
    assert "warning  target optdigits, eval split: expected at least 900 examples" in result.output


@pytest.fixture(scope="module")
def other_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target with `nine` for 9."""
    domain = spoil.png_copy(tmp_path_factory.mktemp("other") / "domain")
    for split in ("train", "eval"):
        (domain / split / "9").rename(domain / split / "nine")
    return domain


def test_shared_new_and_unused_classes_are_told(other_digits: Path) -> None:
    result = check(f"target.path={other_digits}", "target.format=image_folder")
    assert result.exit_code == 0, result.output
    expected = "classes: 9 shared; 1 new in the target: nine; 1 of the source alone: 9"
    assert expected in " ".join(result.output.split())


def test_a_class_under_another_name_is_mapped(other_digits: Path) -> None:
    here = (f"target.path={other_digits}", "target.format=image_folder")
    result = check(*here, "target.class_map={nine: 9}")
    assert result.exit_code == 0, result.output
    assert "both domains have the same 10 classes" in result.output
    assert "did you mean 'nine'?" in only_error(*here, "target.class_map={nin: '9'}")
    assert "'99' for the target's 'nine'" in only_error(*here, "target.class_map={nine: '99'}")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("target.shots=0", "the source does not have class nine: nothing says what it looks like"),
        ("transfer.method=zero_shot", "'zero_shot' cannot do a target"),
        ("transfer.restore=graph", "a saved graph has logits for the source's classes alone"),
    ],
)
def test_what_new_classes_do_not_allow_is_an_error(
    other_digits: Path, override: str, message: str
) -> None:
    here = (f"target.path={other_digits}", "target.format=image_folder")
    assert message in only_error(*here, override)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("transfer.method=jiont", "did you mean 'joint'?"),
        ("network.name=lenett", "did you mean 'lenet'?"),
        ("source.schema_file=README.md", "expected a schema text proto"),
        ("transfer.frozen_layers=[conv9]", "has no layer 'conv9'"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error(override: str, message: str) -> None:
    assert message in only_error(override)


def test_a_misspelt_key_ends_in_one_message() -> None:
    result = check("target.shotz=3")
    assert result.exit_code == 1
    assert "did you mean 'target.shots'" in result.output


def test_the_last_line_is_the_command_to_run() -> None:
    result = check("target.shots=1")
    assert result.output.splitlines()[-1] == f"Ready: warmstart run {CONFIG} --set target.shots=1"


def test_bad_images_that_may_be_left_out_are_a_warning(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    (domain / "train/3/00000.png").write_bytes(b"no image")
    (domain / "train/3/notes.txt").write_text("no image either")
    skip = (f"target.path={domain}", "target.format=image_folder", "validation.bad_images=skip")
    result = check(*skip)
    assert result.exit_code == 0, result.output
    assert "warning  target optdigits, image: expected images that can be read, found 2 files" in (
        result.output
    )
    refused = check(*skip, "validation.max_bad_images=0.001")
    assert refused.exit_code == 1
    assert "validation.max_bad_images allows 0.10" in refused.output


def test_a_folder_without_an_eval_split_is_ready_and_says_what_was_drawn(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain", per_class=60)
    options = (f"target.path={domain / 'train'}", "target.format=image_folder")
    result = check(*options)
    assert result.exit_code == 0, result.output
    assert "No eval split was found. One was drawn by seed 0" in result.output
    assert "seed 7" in check(*options, "target.eval_seed=7").output


def test_a_large_imbalance_is_a_warning(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain", per_class=60)
    for path in sorted((domain / "train/3").iterdir())[3:]:
        path.unlink()
    options = (f"target.path={domain}", "target.format=image_folder", "target.shots=1")
    result = check(*options)
    assert result.exit_code == 0, result.output
    assert "found 3 of class '3' and 60 of class" in result.output
