"""A Model artifact's checksums: `sha256sum` agrees, and nothing that was changed passes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from modules.core.checksums import CHECKSUMS_FILE
from modules.core.errors import DataError
from modules.models.artifact import check_model


@pytest.fixture
def model(pretrained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pretrained / "model", tmp_path / "model")


def test_sha256sum_can_check_a_model(model: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", CHECKSUMS_FILE],
        cwd=model,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    checked = {line.partition(":")[0] for line in done.stdout.splitlines()}
    files = {str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()}
    assert checked == files - {CHECKSUMS_FILE}


def test_a_model_that_moved_is_still_what_was_written(model: Path) -> None:
    check_model(str(model.rename(model.with_name("elsewhere"))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: (m / CHECKSUMS_FILE).unlink(), f"{CHECKSUMS_FILE}: expected the checksums"),
        (lambda m: (m / CHECKSUMS_FILE).write_text(""), f"{CHECKSUMS_FILE}: expected the checksum"),
        (lambda m: (m / "checkpoint/network.json").unlink(), "network.json: .* found nothing"),
        (lambda m: (m / "checkpoint/network.json").write_text("{}"), "it was changed since"),
    ],
    ids=["no checksums", "empty checksums", "a file less", "a file changed"],
)
def test_what_was_changed_is_named(
    model: Path, change: Callable[[Path], object], message: str
) -> None:
    change(model)
    with pytest.raises(DataError, match=rf"{message}.*--fresh"):
        check_model(str(model))
