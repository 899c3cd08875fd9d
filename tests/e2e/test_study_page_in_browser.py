"""A study's page in a real browser: the recorded studies, drawn as `warmstart study` draws them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modules.study.page import StudyFacts, build_study_page
from modules.study.summary import SummaryRow
from tests.e2e.browser import CHROMIUM, Page
from tests.e2e.page_checks import (
    DESKTOP,
    PHONE,
    SMALL_PHONE,
    keep_screenshot,
    measure,
    open_document,
    violations,
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"),
]

# Thirteen methods, and six numbers of labels.
STUDIES = ("methods", "recipe")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("studies")
    paths = {}
    for name in STUDIES:
        record = json.loads(Path(f"docs/study/{name}/study.json").read_text(encoding="utf-8"))
        rows = [
            SummaryRow(row["method"], row["shots"], tuple(row["accuracies"]))
            for row in record["rows"]
        ]
        facts = StudyFacts(
            record["source"],
            record["target"]["name"],
            record["target"]["eval_examples"],
            len(rows),
            record["config"]["seed"],
            {**record, "command": "warmstart study config.yaml " + "--set a.long.key=value " * 6},
        )
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(build_study_page(rows, facts), encoding="utf-8")
    return paths


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, SMALL_PHONE], ids=["desktop", "phone", "small"])
@pytest.mark.parametrize("name", STUDIES)
def test_it_is_drawn_whole_without_errors_or_sideways_scrolling(
    page: Page, pages: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    open_document(page, pages[name], size, dark=dark)
    found = measure(page)
    keep_screenshot(page, f"study-{name}-{size[0]}-{'dark' if dark else 'light'}")
    assert page.problems == []
    assert page.requests == [pages[name].resolve().as_uri()]
    assert (found["overflow"], found["wide"]) == (0, [])
    assert (found["figures"], found["empty"], found["spilling"]) == (1, 0, [])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", STUDIES)
def test_axe_finds_nothing_serious(
    page: Page, axe: str, pages: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    open_document(page, pages[name], size, dark=dark)
    assert violations(page, axe) == []
