"""The report in a real browser: desktop and phone, light and dark, with hostile names.

Set WARMSTART_REPORT to the report.html of a run to check that one too, and
WARMSTART_SCREENSHOTS to a folder to keep pictures of every page.
"""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest

from modules.core.wording import display_name
from modules.report import add_run_facts
from modules.report.document import build_report
from tests.e2e.pages.browser import Page
from tests.e2e.pages.page_checks import (
    DESKTOP,
    IN_A_BROWSER,
    both_layouts,
    check_accessibility,
    check_drawing,
    check_print,
    every_size,
    open_document,
)
from tests.report_domain import HOSTILE_NAMES, report_data

pytestmark = IN_A_BROWSER

REPORTS = ["digits", "hostile", "refused", "two", "letters", "thousand"]
if os.environ.get("WARMSTART_REPORT"):
    REPORTS.append("given")

LETTERS = tuple(string.ascii_lowercase)
THOUSAND = tuple(f"species number {number}" for number in range(1000))

_FACTS = {
    "seconds": {"total": 61.5, "start": 5.0, "Transform": 20.0, "Pusher": 0.1},
    "cached": ["Pusher"],
    "environment": {"python": "3.10.13", "platform": "Linux-6.18.44-x86_64-with-glibc2.36"},
    "seed": 0,
    "command": "warmstart run configs/mnist_to_optdigits.yaml " + "--set a.long.key=value " * 6,
    "pushed_to": "/a/very/long/path" * 9,
    "config": {"name": HOSTILE_NAMES[0]},
}


# How many rows of the table of classes are shown, the first one's class, and what is said of them.
SHOWN_CLASSES = """(rows => [
  rows.length,
  rows.length ? rows[0].cells[0].textContent : null,
  document.querySelector('[data-finder] [role=status]').textContent,
])([...document.querySelectorAll('[data-finder] tbody tr')].filter(row => row.checkVisibility()))"""
SEARCH = """(field => {
  field.value = 'TEXT';
  field.dispatchEvent(new Event('input'));
})(document.querySelector('[data-finder] input'))"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    data = {
        "digits": report_data(),
        "hostile": report_data(HOSTILE_NAMES, domain=HOSTILE_NAMES[4], method=HOSTILE_NAMES[1]),
        "refused": report_data(right=(0.95, 0.8, 0.75)),
        "two": report_data(("cat", "dog"), per_class=120),
        "letters": report_data(LETTERS, uneven=0.1, kind="probe", source_names=LETTERS[5:]),
        "thousand": report_data(THOUSAND, per_class=10, uneven=0.1, source_names=THOUSAND[9:]),
    }
    paths = {}
    for name, content in data.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(build_report(content), encoding="utf-8")
        add_run_facts(paths[name], paths[name], _FACTS)
    if os.environ.get("WARMSTART_REPORT"):
        paths["given"] = Path(os.environ["WARMSTART_REPORT"])
    return paths


@every_size
@pytest.mark.parametrize("name", REPORTS)
def test_it_is_drawn_whole_without_errors_or_sideways_scrolling(
    page: Page, reports: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    found = check_drawing(page, reports[name], size, name=name, dark=dark)
    assert found["images"] >= 18
    assert found["broken"] == 0
    assert found["figures"] >= 11
    brightness = sum(map(int, found["background"].strip("rgb()").split(",")))
    assert (brightness < 150) if dark else (brightness > 600)


def test_hostile_names_are_shown_and_do_nothing(page: Page, reports: dict[str, Path]) -> None:
    open_document(page, reports["hostile"], DESKTOP)
    text = page.evaluate("document.body.textContent")
    for name in HOSTILE_NAMES:
        assert display_name(name) in text
    assert page.evaluate("document.title").startswith("Blessed: mnist to xxx")
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("[...document.querySelectorAll('img')].every(e => !e.onerror)") is True


@pytest.mark.parametrize("name", REPORTS)
def test_print_cuts_and_folds_nothing(page: Page, reports: dict[str, Path], name: str) -> None:
    check_print(page, reports[name], name=name)


@pytest.mark.parametrize("name", ["digits", "two", "letters", "thousand"])
def test_a_desktop_has_room_for_the_whole_table_of_classes(
    page: Page, reports: dict[str, Path], name: str
) -> None:
    open_document(page, reports[name], DESKTOP)
    box = "document.querySelector('.by-class').closest('.scroll')"
    assert page.evaluate(f"{box}.scrollWidth - {box}.clientWidth") == 0


def test_the_worst_of_many_classes_are_shown_and_any_can_be_found(
    page: Page, reports: dict[str, Path]
) -> None:
    open_document(page, reports["thousand"], DESKTOP)
    assert page.evaluate(SHOWN_CLASSES)[0] == 20
    page.evaluate(SEARCH.replace("TEXT", "ÑUMBER 99"))
    number, first, status = page.evaluate(SHOWN_CLASSES)
    assert (number, status) == (11, "11 found")
    assert first.startswith("species number 99")
    page.evaluate(SEARCH.replace("TEXT", "no such class"))
    assert page.evaluate(SHOWN_CLASSES) == [0, None, "0 found"]
    page.evaluate(SEARCH.replace("TEXT", ""))
    page.evaluate("document.querySelector('[data-finder] button').click()")
    number, _, status = page.evaluate(SHOWN_CLASSES)
    assert (number, status) == (1000, "1,000 of 1,000 shown")
    assert page.problems == []


def test_without_scripts_every_class_is_shown(page: Page, reports: dict[str, Path]) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(reports["thousand"], *DESKTOP)
        assert page.evaluate(SHOWN_CLASSES) == [1000, page.evaluate(SHOWN_CLASSES)[1], ""]
        assert not page.evaluate("document.querySelector('[data-finder] input').checkVisibility()")
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)


def test_the_page_itself_forbids_scripts_and_loading(page: Page, reports: dict[str, Path]) -> None:
    open_document(page, reports["digits"], DESKTOP)
    outcome = page.evaluate(
        """new Promise(resolve => {
          document.addEventListener(
            'securitypolicyviolation', event => resolve(event.violatedDirective));
          const image = document.createElement('img');
          image.src = 'http://127.0.0.1:9/never.png';
          document.body.append(image);
        })"""
    )
    assert outcome == "img-src"


def test_the_first_stop_of_the_keyboard_leads_past_the_head(
    page: Page, reports: dict[str, Path]
) -> None:
    open_document(page, reports["digits"], DESKTOP)
    for key in ("Tab", "Enter"):
        for kind in ("rawKeyDown", "char", "keyUp"):
            page.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                text="\r" if (kind, key) == ("char", "Enter") else "",
                windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key],
            )
        if key == "Tab":
            assert page.evaluate("document.activeElement.className") == "skip"
            assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    assert page.evaluate("document.activeElement.id") == "content"


@both_layouts
@pytest.mark.parametrize("name", REPORTS)
def test_axe_finds_nothing_serious(
    page: Page, axe: str, reports: dict[str, Path], name: str, size: tuple[int, int], dark: bool
) -> None:
    check_accessibility(page, axe, reports[name], size, dark=dark)
