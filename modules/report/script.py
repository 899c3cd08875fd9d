"""The report's one script, and the hash by which its content security policy lets it run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from markupsafe import Markup

from modules.report.sections import section

_FILE = "report.js"


@dataclass(frozen=True)
class PageScript:
    """A script inside the page.

    Attributes:
        source: Its text, exactly as the page has it between the tags.
        hash: The source expression of the policy, such as `sha256-...`.
    """

    source: Markup
    hash: str


def page_script() -> PageScript:
    """Reads the script that every report carries."""
    source = (section.TEMPLATES / _FILE).read_text(encoding="utf-8")
    digest = hashlib.sha256(source.encode()).digest()
    return PageScript(Markup(source), f"sha256-{base64.b64encode(digest).decode()}")
