"""What is checked of every page that this project makes, at every size of screen.

Set WARMSTART_SCREENSHOTS to a folder to keep pictures of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.e2e.browser import Page

DESKTOP, PHONE, SMALL_PHONE = (1280, 900), (390, 844), (320, 568)


def open_document(page: Page, path: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """Opens a page at a size, with everything that it folds away unfolded."""
    page.problems.clear()
    page.requests.clear()
    page.open(path, *size, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def measure(page: Page) -> dict[str, Any]:
    """Looks for what is too wide, broken or empty."""
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


def violations(page: Page, axe: str) -> list[list[Any]]:
    """Lists what axe-core finds at least moderately wrong with the open page."""
    page.evaluate(f"{axe};0")
    found = page.evaluate(
        """axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(
          each => [each.impact, each.id, each.nodes.length, each.nodes[0].html.slice(0, 200),
                   each.nodes[0].failureSummary]))"""
    )
    return [each for each in found if each[0] in ("serious", "critical", "moderate")]


def keep_screenshot(page: Page, name: str) -> None:
    """Writes a picture of the open page, if pictures are wanted."""
    folder = os.environ.get("WARMSTART_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(Path(folder) / f"{name}.png")
