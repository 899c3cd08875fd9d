"""Figures: accessible, themed, repeatable SVG."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib
import pytest
from markupsafe import Markup
from matplotlib.axes import Axes

from modules.core.wording import display_name
from modules.report.drawing.palette import GOOD
from modules.report.drawing.svg import draw_svg
from tests.report_domain import HOSTILE_NAMES


def labelled(text: str = "label") -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], "o-", color=GOOD)
        axes.annotate(text, (0.5, 0.5))

    return draw


def draw(text: str = "label", name: str = "figure") -> Markup:
    return draw_svg(
        labelled(text), name=name, title="A <title>", description="What & why", height=100
    )


def test_it_tells_screen_readers_what_it_is() -> None:
    root = ElementTree.fromstring(draw())
    assert root.get("role") == "img"
    title, description = list(root)[:2]
    assert (title.tag, title.text) == ("title", "A <title>")
    assert (description.tag, description.text) == ("desc", "What & why")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_it_scales_with_the_page_and_follows_its_colours() -> None:
    svg = draw()
    root = ElementTree.fromstring(svg)
    assert root.get("viewBox")
    assert root.get("width") is None
    assert "var(--good)" in svg
    assert "var(--ink)" in svg
    assert not re.search(r"#[0-9a-f]{6}\b", svg)


def test_it_holds_no_style_or_name_that_would_reach_the_rest_of_the_page() -> None:
    first, second = (ElementTree.fromstring(draw(name=name)) for name in ("first", "second"))
    assert not list(first.iter("style"))
    ids = [{e.get("id") for e in root.iter() if e.get("id")} for root in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for root, own in zip((first, second), ids, strict=True):
        references = {e.get("href", "")[1:] for e in root.iter() if e.get("href")}
        assert references
        assert references <= own


def test_a_colour_that_would_not_follow_the_theme_is_refused() -> None:
    with pytest.raises(ValueError, match="#ff0000 is not a colour"):
        draw_svg(
            lambda axes: axes.axhline(1.0, color="red").set_label(""),
            name="figure",
            title="",
            description="",
            height=100,
        )


@pytest.mark.parametrize("text", HOSTILE_NAMES)
def test_any_text_is_drawn_as_it_is(text: str) -> None:
    shown = display_name(text)
    root = ElementTree.fromstring(draw(shown))
    assert shown in {element.text for element in root.iter("text")}


def test_equal_figures_are_equal_bytes_whatever_the_users_settings_are() -> None:
    before = draw()
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "text.color": "pink"}):
        assert draw() == before
        assert matplotlib.rcParams["font.size"] == 30
