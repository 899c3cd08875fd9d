"""Names that would run, escape or overflow, through a whole run and all that is made of it.

Folders have names of up to 255 bytes; longer ones come through `classes` of a configuration.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from modules.core.wording import display_name
from modules.report.script import page_script
from tests.e2e.conftest import FinishedCommand, read_result, warmstart
from tests.e2e.hostile_domain import (
    CANARY,
    CLASSES,
    FOLDERS,
    write_image_folder,
    write_tfrecords,
)
from tests.e2e.pages.browser import CHROMIUM, Page
from tests.e2e.pages.page_checks import both_layouts, check_drawing

pytestmark = pytest.mark.e2e

# Elements that would do something.
OBEYED = "[onerror], [onload], [onfocus], [href^=javascript]"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}"
# Text that a template, a page or a shell would take for its own.
FOLDER = "{{ 7*7 }} <b>'\" $(id)"
BUDGET: dict[str, Any] = {
    "network": {"name": "lenet", "image_size": 12},
    "pretraining": {"steps": 5, "batch_size": 20},
    "transfer": {"steps": 30, "method": "fine_tune", "learning_rate": 1e-3},
    "training": {"precision": "float32"},
    "gate": {"scratch_margin": 0.5, "max_class_drop": 1.0},
}


@dataclass(frozen=True)
class HostileRun:
    """A run on hostile names.

    Attributes:
        command: How it ended.
        output: Its output folder.
        classes: The names that its classes must have everywhere.
        target: The target's data.
    """

    command: FinishedCommand
    output: Path
    classes: tuple[str, ...]
    target: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HostileRun]:
    """One run on image folders and one on TFRecord files, side by side."""
    root = tmp_path_factory.mktemp("hostile")
    writers = {
        "image_folder": (write_image_folder, FOLDERS),
        "tfrecord": (write_tfrecords, CLASSES),
    }

    def run(kind: str) -> HostileRun:
        write, classes = writers[kind]
        folder = root / kind / FOLDER
        domains = {
            "source": write(folder / "source", "mnist", (40, 10)),
            "target": write(folder / "target", "optdigits", (12, 30)),
        }
        listed = {} if kind == "image_folder" else {"classes": list(classes)}
        config = {
            role: {"name": role, "path": str(path), "format": kind, **listed}
            for role, path in domains.items()
        }
        path = root / f"{kind}.yaml"
        path.write_text(yaml.safe_dump({"name": kind, **config, **BUDGET}, allow_unicode=True))
        done = warmstart("run", path, "--output", root / kind / "output", "--require-blessing")
        assert done.code == 0, done.output
        return HostileRun(done, root / kind / "output", classes, domains["target"])

    with ThreadPoolExecutor() as pool:
        return dict(zip(writers, pool.map(run, writers), strict=True))


@pytest.fixture(params=["image_folder", "tfrecord"])
def run(runs: dict[str, HostileRun], request: pytest.FixtureRequest) -> HostileRun:
    return runs[request.param]


def assert_harmless(text: str) -> None:
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert RIGHT_TO_LEFT not in text


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium")
@both_layouts
def test_the_report_shows_the_names_and_obeys_none(
    page: Page, run: HostileRun, size: tuple[int, int], dark: bool
) -> None:
    # The page's own policy would stop most of them: here only the escaping does.
    page.call("Page.setBypassCSP", enabled=True)
    report = run.output / "report.html"
    found = check_drawing(page, report, size, name=run.output.parent.name, dark=dark)
    assert found["broken"] == 0
    text = page.evaluate("document.body.textContent")
    assert [name for name in run.classes if display_name(name) not in text] == []
    assert json.dumps(FOLDER)[1:-1] in text
    assert RIGHT_TO_LEFT not in text
    assert page.evaluate(f"typeof {CANARY}") == "undefined"
    assert page.evaluate("[...document.scripts].map(script => script.text)") == [
        page_script().source
    ]
    assert page.evaluate(f"document.querySelectorAll({OBEYED!r}).length") == 0
    assert page.evaluate("[...document.images].every(each => each.src.startsWith('data:'))") is True


def test_the_report_shows_the_names_of_files(runs: dict[str, HostileRun]) -> None:
    html = (runs["image_folder"].output / "report.html").read_text(encoding="utf-8")
    assert f"&lt;img src=x onerror=window.{CANARY}=1&gt;" in html
    assert f"<img src=x onerror=window.{CANARY}=1>" not in html
    assert ".png" in html


def test_the_record_has_the_names_whole(run: HostileRun) -> None:
    result = read_result(run.output)
    assert sorted(result["target"]["classes"]) == sorted(run.classes)
    for arm in result["arms"].values():
        assert set(arm["per_class"]) == set(run.classes)


def test_the_terminal_obeys_none(run: HostileRun) -> None:
    assert_harmless(run.command.output)
    places = ("Report", "Result", "Pushed", "Logs", "TensorBoard")
    lines = [line for line in run.command.output.splitlines() if not line.startswith(places)]
    assert max(map(len, lines)) <= 80


def test_history_has_the_run(run: HostileRun) -> None:
    done = warmstart("history", run.output)
    assert done.code == 0, done.output
    assert Path(read_result(run.output)["pushed_to"]).name in done.output
    assert_harmless(done.output)


def predict(run: HostileRun, images: Path, format: str) -> FinishedCommand:
    # TensorFlow 2.21 writes its own lines to standard error, whatever it is told.
    arguments = ("predict", run.output, images, "--format", format)
    return warmstart(*arguments, stderr=subprocess.DEVNULL)


def test_predictions_name_files_and_classes_whole(runs: dict[str, HostileRun]) -> None:
    run, images = runs["tfrecord"], runs["image_folder"].target / "eval"
    done = predict(run, images, "json")
    assert done.code == 0, done.output
    assert done.output.isascii()
    rows = json.loads(done.output)["predictions"]
    assert {row["image"] for row in rows} == {str(path) for path in images.rglob("*.png")}
    assert {row["class"] for row in rows} <= set(run.classes)


def test_predictions_as_csv_start_no_formula(runs: dict[str, HostileRun]) -> None:
    run = runs["image_folder"]
    done = predict(run, run.target / "eval", "csv")
    assert done.code == 0, done.output
    assert_harmless(done.output)
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert len(rows) == len(done.output.splitlines()) - 1 == 30 * len(FOLDERS)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@"))]
    known = {display_name(name) for name in run.classes}
    assert {row["class"].removeprefix("'") for row in rows} <= known
