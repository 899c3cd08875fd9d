"""Inline SVG by matplotlib: accessible, reproducible, in the page's colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib.style
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from modules.report.drawing.palette import CSS_VARIABLES, INK, MUTED, RULE
from modules.report.drawing.style import chart_style

# A phone's width. On a desktop, several panels fit side by side.
PANEL_WIDTH = 260.0
_POINTS_PER_INCH = 72.0

_STYLE = chart_style(ink=INK, muted=MUTED, rule=RULE, background="none") | {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "lines.linewidth": 1.8,
}

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_HREF = "{http://www.w3.org/1999/xlink}href"
# Inline, matplotlib's style element would apply to the whole page.
_DROPPED = ("metadata", "style")


def draw_svg(
    draw: Callable[[Axes], None],
    *,
    name: str,
    title: str,
    description: str,
    height: float,
    width: float = PANEL_WIDTH,
) -> Markup:
    """Draws one panel.

    Args:
        draw: Draws on the axes, only in colours of `modules.report.drawing.palette`.
        name: Unique in the page. Becomes part of every id.
        title: What the panel is, for screen readers.
        description: What it shows, for screen readers.
        height: In points.
        width: In points.

    Returns:
        The `<svg>` element. Equal input gives equal markup.

    Raises:
        ValueError: A colour is not in the palette, so it would not follow light and dark.
    """
    with matplotlib.style.context(["default", _STYLE]), warnings.catch_warnings():
        # The browser's fonts draw the characters that matplotlib's lack.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing")
        figure = Figure(
            figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH),
            layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02),
        )
        canvas = FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        file = io.StringIO()
        # Not savefig, which draws twice to find sizes that are fixed here.
        canvas.print_svg(file, metadata={"Date": None})
    root = ElementTree.fromstring(file.getvalue())
    _strip(root)
    _namespace_ids(root, name)
    _follow_page_colours(root)
    _describe(root, name, title, description)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _strip(element: ElementTree.Element) -> None:
    """Removes what SVG inside HTML does not need: namespaces, size, version and metadata."""
    element.tag = element.tag.rpartition("}")[2]
    if _HREF in element.attrib:
        element.set("href", element.attrib.pop(_HREF))
    if element.tag == "svg":
        for attribute in ("width", "height", "version"):
            element.attrib.pop(attribute, None)
    for child in list(element):
        if child.tag.rpartition("}")[2] in _DROPPED:
            element.remove(child)
        else:
            _strip(child)


def _namespace_ids(root: ElementTree.Element, name: str) -> None:
    """Keeps the ids that are used, and prefixes them: a page holds many figures."""
    used: set[str] = set()
    for element in root.iter():
        for attribute, value in element.attrib.items():
            used.update(_REFERENCE.findall(value))
            if attribute == "href":
                used.add(value.removeprefix("#"))
    for element in root.iter():
        own = element.attrib.pop("id", None)
        for attribute, value in list(element.attrib.items()):
            if attribute == "href":
                element.set(attribute, f"#{name}-{value.removeprefix('#')}")
            else:
                element.set(attribute, _REFERENCE.sub(rf"url(#{name}-\1)", value))
        if own in used:
            element.set("id", f"{name}-{own}")


def _follow_page_colours(root: ElementTree.Element) -> None:
    for element in root.iter():
        style = element.get("style")
        if style:
            element.set("style", _COLOUR.sub(_css_variable, style))


def _css_variable(match: re.Match[str]) -> str:
    try:
        return CSS_VARIABLES[match.group()]
    except KeyError:
        raise ValueError(
            f"{match.group()} is not a colour of modules.report.drawing.palette"
        ) from None


def _describe(root: ElementTree.Element, name: str, title: str, description: str) -> None:
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-description")
    for position, (tag, part, text) in enumerate(
        (("title", "title", title), ("desc", "description", description))
    ):
        child = ElementTree.Element(tag, {"id": f"{name}-{part}"})
        child.text = text
        root.insert(position, child)
