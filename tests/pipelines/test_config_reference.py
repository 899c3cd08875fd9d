"""docs/configuration.md describes every key, in a reader's words, and is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from modules.settings.base import PositiveInt, Settings, Shots
from modules.settings.config_errors import valid_keys
from pipelines.config_reference import render_reference


class Inner(Settings):
    """An inner section.

    Attributes:
        shots: Labels per class,
            or all.
    """

    shots: Shots = "all"


class Outer(Settings):
    """An outer section.

    Attributes:
        steps: Training steps.
        names: Names | aliases.
    """

    steps: PositiveInt
    names: tuple[str, ...] = ()
    mode: Literal["a", "b"] = "a"
    inner: Inner = Inner()


class Documented(Outer):
    """A section with inherited keys.

    Attributes:
        mode: How.
    """


def test_the_committed_reference_is_the_schemas() -> None:
    committed = Path("docs/configuration.md").read_text(encoding="utf-8")
    assert committed == render_reference(), (
        "run: python -m pipelines.config_reference > docs/configuration.md"
    )


def test_each_key_has_type_default_and_meaning_in_its_sections_table() -> None:
    text = render_reference(Documented)
    for line in (
        "| `steps` | integer > 0 | required | Training steps. |",
        r"| `names` | list of text | none | Names \| aliases. |",
        "| `mode` | one of: `a`, `b` | `a` | How. |",
        "| `inner` | [section](#inner) |  | An inner section. |",
        "## `inner`",
        "| `shots` | integer >= 0 or `all` | `all` | Labels per class, or all. |",
    ):
        assert line in text.splitlines()
    assert text.count("\n| `") == len(valid_keys(Documented))


def test_a_key_without_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="mode: Outer has no text for it"):
        render_reference(Outer)
