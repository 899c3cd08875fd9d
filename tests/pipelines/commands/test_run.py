"""`warmstart run` looks before it leaps: what check would refuse costs a second, not minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.core.errors import ConfigError
from pipelines.cli import main
from pipelines.commands.config_check import look_quickly
from pipelines.config import load_config
from tests import spoiled_domains as spoil

CONFIG = "configs/mnist_to_optdigits.yaml"


def image_folder(domain: Path) -> list[str]:
    return [f"target.path={domain}", "target.format=image_folder"]


def test_a_refusal_names_everything_and_leaves_nothing(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    for name in ("train/3/00000.png", "train/7/00005.png"):
        (domain / name).write_bytes(b"no image")
    options = [part for value in image_folder(domain) for part in ("--set", value)]
    result = CliRunner().invoke(main, ["run", CONFIG, *options, "--output", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "2 problems" in result.output
    assert result.output.count("expected a PNG, JPEG") == 2
    assert "Nothing was run: fix this and try again." in result.output
    assert not (tmp_path / "out").exists()


def test_the_look_needs_no_tensorflow() -> None:
    code = (
        "import sys\n"
        "from pipelines.commands.config_check import look_quickly\n"
        "from pipelines.config import load_config\n"
        f"assert look_quickly(load_config({CONFIG!r})) == []\n"
        "print(sorted({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_gives_the_warnings_back(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain", per_class=60)
    for path in sorted((domain / "train/3").iterdir())[3:]:
        path.unlink()
    config = load_config(CONFIG, [*image_folder(domain), "target.shots=1"])
    (imbalance,) = look_quickly(config)
    assert "found 3 of class '3' and 60 of class" in imbalance


def test_it_reads_a_few_images_and_counts_all(tmp_path: Path) -> None:
    domain = spoil.png_copy(tmp_path / "domain")
    assert look_quickly(load_config(CONFIG, [*image_folder(domain), "target.shots=12"])) == []
    with pytest.raises(ConfigError, match=r"expected 13 labelled examples"):
        look_quickly(load_config(CONFIG, [*image_folder(domain), "target.shots=13"]))


def test_a_few_bad_images_of_many_are_no_large_share_only_because_few_are_read(
    tmp_path: Path,
) -> None:
    domain = spoil.png_copy(tmp_path / "domain", per_class=87)
    for number in range(10):
        (domain / f"train/{number}/notes.txt").write_text("no image")
    options = [*image_folder(domain), "validation.bad_images=skip"]
    (left_out,) = look_quickly(load_config(CONFIG, options))
    assert "found 10 files that are left out" in left_out
