"""`warmstart check` on a target whose data arrive in spans."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.write_spans import write_spans
from pipelines.cli import main


def check(root: Path, *overrides: str, command: str = "check") -> Result:
    options = [f"target.path={root}/span-{{SPAN}}", *overrides]
    options = [part for option in options for part in ("--set", option)]
    return CliRunner().invoke(main, [command, "configs/mnist_to_optdigits.yaml", *options])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_spans(Path("data/optdigits"), tmp_path, 3)
    return tmp_path


def test_it_names_the_spans_and_those_to_train_on(site: Path) -> None:
    shutil.move(site / "span-3", site / "span-5")
    (site / "span-6.partial").mkdir()
    shown = check(site)
    assert shown.exit_code == 0, shown.output
    assert "3 spans: span-1, span-2, span-5" in shown.output
    assert "trains on span-5 (target.spans=latest) and evaluates all" in shown.output
    assert "there is no span 3 to 4" in shown.output
    assert "do not match the path: span-6.partial" in shown.output
    assert "train: 299 images" in shown.output
    assert "eval: 899 images" in shown.output


def test_shots_are_counted_in_the_spans_that_are_trained_on(site: Path) -> None:
    latest, every = (
        check(site, "target.shots=40"),
        check(site, "target.shots=40", "target.spans=all"),
    )
    assert latest.exit_code == 1
    assert "target.shots" in latest.output
    assert every.exit_code == 0, every.output
    assert "trains on span-1, span-2, span-3" in every.output
    assert "train: 898 images" in every.output


@pytest.mark.parametrize("command", ["check", "run"])
def test_no_span_is_an_error_that_names_the_pattern(tmp_path: Path, command: str) -> None:
    (tmp_path / "week-1").mkdir()
    shown = check(tmp_path, f"output={tmp_path}/run", command=command)
    assert shown.exit_code == 1
    said = str(shown.exception) + shown.output
    assert "a folder for each span, named span-{SPAN}, found" in said
    assert "week-1" in said


def test_what_is_wrong_with_an_old_span_is_told(site: Path) -> None:
    (site / "span-1" / "t10k-labels-idx1-ubyte.gz").unlink()
    shown = check(site)
    assert shown.exit_code == 1
    assert str(site / "span-1") in shown.output
