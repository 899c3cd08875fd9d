"""What the docs name exists: files, links, configuration keys; their pictures are PNG."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from modules.settings.config_errors import valid_keys
from pipelines.config import Config
from tests.test_house import ROOT, files

# The changelog keeps the names that things had.
PAGES = sorted(path for path in files() if path.suffix == ".md" and path != ROOT / "CHANGELOG.md")
FOLDERS = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "runs")
NAMED_FILE = re.compile(rf"`(?:\./)?((?:{FOLDERS})/[\w./-]*)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED_KEY = re.compile(rf"`((?:{'|'.join(Config.model_fields)})\.[a-z_0-9.]+)`")
FILE_ENDINGS = ("json", "html", "jsonl", "csv", "md", "png", "py")


def missing_files(text: str) -> list[str]:
    return [name for name in NAMED_FILE.findall(text) if not (ROOT / name).exists()]


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Yields links to files and to headings that do not exist; other hosts are not asked."""
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield link


def anchors(text: str) -> set[str]:
    """Returns what a forge calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown_keys(text: str) -> list[str]:
    keys = set(valid_keys(Config))
    named = [key for key in NAMED_KEY.findall(text) if key.rpartition(".")[2] not in FILE_ENDINGS]
    return [key for key in named if key not in keys]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing_files(text) == []
    assert list(broken_links(page, text)) == []
    assert unknown_keys(text) == []


def test_docs_hold_no_generated_text_but_tables() -> None:
    kinds = {path.suffix for path in files() if ROOT / "docs" in path.parents}
    assert kinds == {".md", ".png", ".csv"}


def test_the_guard_sees_what_is_missing() -> None:
    assert missing_files("`modules/core/gone.py` and `modules/core/errors.py`") == [
        "modules/core/gone.py"
    ]
    assert unknown_keys("`gate.confidence` and `gate.certainty`") == ["gate.certainty"]
    page = ROOT / "README.md"
    assert list(broken_links(page, "[a](gone.md) [b](#gone) [c](https://x.org) [d](LICENSE)")) == [
        "gone.md",
        "#gone",
    ]
