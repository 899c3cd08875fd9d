"""What is checked of every page that this project makes, at every size of screen.

Set WARMSTART_SCREENSHOTS to a folder to keep pictures of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pages.browser import CHROMIUM, Page

DESKTOP = (1280, 900)
_PHONE, _LARGE_PHONE, _SMALL_PHONE = (390, 844), (500, 900), (320, 568)
_PAPER = (703, 1000)  # what the margins leave of A4, at 96 pixels an inch

IN_A_BROWSER = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"),
]
# Sizes and colours do not depend on each other: not every pair of them is worth its seconds.
every_size = pytest.mark.parametrize(
    ("size", "dark"),
    [
        (DESKTOP, False),
        (DESKTOP, True),
        (_LARGE_PHONE, False),
        (_PHONE, True),
        (_SMALL_PHONE, False),
    ],
    ids=["desktop", "dark-desktop", "large-phone", "dark-phone", "small-phone"],
)
both_layouts = pytest.mark.parametrize(
    ("size", "dark"), [(DESKTOP, False), (_PHONE, True)], ids=["desktop", "dark-phone"]
)


def open_document(page: Page, path: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """Opens a page at a size, with everything that it folds away unfolded."""
    page.problems.clear()
    page.requests.clear()
    page.open(path, *size, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def check_drawing(
    page: Page, path: Path, size: tuple[int, int], *, name: str, dark: bool = False
) -> dict[str, Any]:
    """Opens a page, and asserts that it is drawn whole without errors or sideways scrolling.

    Args:
        page: The tab.
        path: The HTML file.
        size: Of the window, in CSS pixels.
        dark: Whether the reader prefers dark pages.
        name: For its screenshot, if screenshots are kept.

    Returns:
        Numbers of `figures`, `images` and `broken` images, and the `background` colour.
    """
    open_document(page, path, size, dark=dark)
    found = _measure(page)
    _keep_screenshot(page, f"{name}-{size[0]}-{'dark' if dark else 'light'}")
    assert page.problems == []
    assert page.requests == [path.resolve().as_uri()]
    assert (found["overflow"], found["wide"]) == (0, [])
    assert (found["empty"], found["spilling"]) == (0, [])
    return found


def check_print(page: Page, path: Path, *, name: str) -> None:
    """Lays a page out for paper, and asserts that nothing is cut, folded or left out."""
    page.open(path, *_PAPER)
    page.lay_out_for_print()
    found = page.evaluate(
        """({
          cut: [...document.querySelectorAll('main *, header *')].filter(element =>
              element.getBoundingClientRect().right > innerWidth + 1
              && !element.closest('svg') && !element.closest('.unseen')
            ).map(element => element.outerHTML.slice(0, 200)),
          hidden: [...document.querySelectorAll('tbody tr, details > *')].filter(
              element => !element.checkVisibility({contentVisibilityAuto: true})
            ).map(element => element.outerHTML.slice(0, 200)),
        })"""
    )
    _keep_screenshot(page, f"{name}-print")
    assert found == {"cut": [], "hidden": []}


def check_accessibility(
    page: Page, axe: str, path: Path, size: tuple[int, int], *, dark: bool
) -> None:
    """Opens a page, and asserts that axe-core finds nothing that is at least moderately wrong."""
    open_document(page, path, size, dark=dark)
    page.evaluate(f"{axe};0")
    found = page.evaluate(
        """axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(
          each => [each.impact, each.id, each.nodes.length, each.nodes[0].html.slice(0, 200),
                   each.nodes[0].failureSummary]))"""
    )
    assert [each for each in found if each[0] in ("serious", "critical", "moderate")] == []


def _measure(page: Page) -> dict[str, Any]:
    """Finds what is too wide, broken or empty."""
    return page.evaluate(
        """({
          overflow: document.documentElement.scrollWidth - innerWidth,
          wide: [...document.querySelectorAll('main *, header *')].filter(element =>
              element.getBoundingClientRect().right > innerWidth + 1
              && !element.closest('.scroll') && !element.closest('svg')
              && !element.closest('.unseen')
            ).map(element => element.outerHTML.slice(0, 200)),
          images: document.images.length,
          broken: [...document.images].filter(image => !image.naturalWidth).length,
          figures: document.querySelectorAll('figure > svg').length,
          empty: [...document.querySelectorAll('figure > svg')].filter(figure => {
            const box = figure.getBoundingClientRect();
            return box.width < 150 || box.height < 60 || !figure.querySelector('path, use');
          }).length,
          spilling: [...document.querySelectorAll('figure > svg text')].filter(text => {
            const figure = text.ownerSVGElement.getBoundingClientRect();
            const box = text.getBoundingClientRect();
            return box.left < figure.left - 2 || box.right > figure.right + 2;
          }).map(text => text.textContent.slice(0, 80)),
          background: getComputedStyle(document.body).backgroundColor,
        })"""
    )


def _keep_screenshot(page: Page, name: str) -> None:
    """Writes a picture of the open page, if pictures are wanted."""
    folder = os.environ.get("WARMSTART_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(Path(folder) / f"{name}.png")
