"""Colours: each has a light and a dark value that can be read on the page and on cards."""

from __future__ import annotations

import re

import pytest

from modules.report.drawing.palette import CSS_VARIABLES
from modules.report.sections.section import TEMPLATES

READABLE = 4.5  # WCAG 2.1, 1.4.3, level AA
NOT_FOR_TEXT = {"rule", "card"}


def themes() -> dict[str, dict[str, str]]:
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\n *\}", css, re.DOTALL)[:2]
    colours = {}
    for name, block in (("light", light), ("dark", light + dark)):
        colours[name] = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))
    return colours


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("variable", sorted(CSS_VARIABLES.values()))
def test_every_colour_of_a_figure_is_defined_and_readable(theme: str, variable: str) -> None:
    name = variable.removeprefix("var(--").removesuffix(")")
    colours = themes()[theme]
    assert name in colours
    if name not in NOT_FOR_TEXT:
        for background in ("paper", "card"):
            # Class colours are marks, for which 3 is enough.
            needed = 3.0 if name.startswith("class-") else READABLE
            assert contrast(colours[name], colours[background]) >= needed


def test_light_and_dark_define_the_same_colours() -> None:
    light, dark = themes().values()
    assert set(light) == set(dark)
    unchanged = {name for name in light if light[name] == dark[name]}
    assert unchanged == set()
