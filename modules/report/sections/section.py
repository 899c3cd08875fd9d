"""A section of the report, and how templates become markup."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from modules.core.wording import count, display_name, p_value, percent, points, shots_phrase

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        anchor: Its id, unique in the page.
        values: Values for its template. Strings are escaped, `Markup` is not.
        template: File name under `templates/`; by default `sections/<anchor>.html.j2`.
    """

    anchor: str
    title: str
    values: Mapping[str, Any]
    template: str = ""

    @property
    def content(self) -> Markup:
        """The rendered template."""
        return render(self.template or f"sections/{self.anchor}.html.j2", self.values)


def render(template: str, values: Mapping[str, Any]) -> Markup:
    """Renders a template of the report.

    Args:
        template: File name under `templates/`.
        values: Values for the template.

    Returns:
        Markup in which every string value is escaped.

    Raises:
        jinja2.UndefinedError: The template uses a value that is missing.
    """
    return Markup(_environment().get_template(template).render(values))


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=count,
        name=display_name,
        p_value=p_value,
        percent=percent,
        points=points,
        shots=shots_phrase,
    )
    return environment
