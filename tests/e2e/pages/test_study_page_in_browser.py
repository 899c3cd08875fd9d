"""A study's page in a real browser: the recorded studies, drawn as `warmstart study` draws them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from modules.study.page import StudyFacts, build_study_page
from modules.study.summary import SummaryRow
from pipelines.config import load_config
from tests.e2e.pages.browser import Page
from tests.e2e.pages.page_checks import (
    IN_A_BROWSER,
    both_layouts,
    check_accessibility,
    check_drawing,
    every_size,
)

pytestmark = IN_A_BROWSER

# Thirteen methods, and six numbers of labels.
STUDIES = ("methods", "recipe")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("studies")
    config = load_config("configs/mnist_to_optdigits.yaml").model_dump(mode="json")
    reproduction = {
        "command": "warmstart study config.yaml " + "--set a.long.key=value " * 6,
        "environment": {"python": "3.10.13", "tensorflow": "2.16.2"},
        "config": config,
    }
    paths = {}
    for name in STUDIES:
        rows = recorded_rows(name)
        facts = StudyFacts("mnist", "optdigits", 899, len(rows), config["seed"], reproduction)
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(build_study_page(rows, facts), encoding="utf-8")
    return paths


def recorded_rows(name: str) -> list[SummaryRow]:
    """Reads a study's CSV. It has no single repeats: smallest, largest and mean stand for them."""
    with Path(f"docs/study/{name}/study.csv").open(encoding="utf-8", newline="") as file:
        return [
            SummaryRow(row["method"], int(row["shots"]), stand_ins(row))
            for row in csv.DictReader(file)
        ]


def stand_ins(row: dict[str, str]) -> tuple[float, ...]:
    repeats = int(row["repeats"])
    ends = [float(row["min"]), float(row["max"])]
    return (*ends, *[float(row["mean"])] * (repeats - 2))[:repeats]


@every_size
@pytest.mark.parametrize("name", STUDIES)
def test_it_is_drawn_whole_without_errors_or_sideways_scrolling(
    page: Page, pages: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    found = check_drawing(page, pages[name], size, name=f"study-{name}", dark=dark)
    assert found["figures"] == 1


@both_layouts
@pytest.mark.parametrize("name", STUDIES)
def test_axe_finds_nothing_serious(
    page: Page, axe: str, pages: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    check_accessibility(page, axe, pages[name], size, dark=dark)
