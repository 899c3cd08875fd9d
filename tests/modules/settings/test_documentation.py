"""Every setting is documented where it is declared."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import pytest

from modules import settings
from modules.settings import Settings

MODULES = [
    importlib.import_module(f"modules.settings.{found.name}")
    for found in pkgutil.iter_modules(settings.__path__)
]
SECTIONS = sorted(
    {
        section
        for module in MODULES
        for _, section in inspect.getmembers(module, inspect.isclass)
        if issubclass(section, Settings) and section is not Settings
    },
    key=lambda section: section.__name__,
)


def described(section: type[Settings]) -> dict[str, str]:
    """Reads the attributes of a docstring, by name: lines more deeply indented belong together."""
    _, _, text = inspect.cleandoc(section.__doc__ or "").partition("\nAttributes:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    return {name: " ".join(entry.split()) for name, entry in entries}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_key_is_described_in_the_order_of_its_declaration(section: type[Settings]) -> None:
    own = inspect.get_annotations(section)  # without those that a base class declares
    assert list(described(section)) == [name for name in section.model_fields if name in own]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_a_description_stands_by_itself(section: type[Settings]) -> None:
    for name, entry in described(section).items():
        assert entry.endswith("."), name
        assert not re.search(r"\b(see above|see below|as above|next ones?)\b", entry, re.I), name


def test_all_sections_are_found() -> None:
    names = {section.__name__ for section in SECTIONS}
    assert {"TransferSettings", "GateSettings", "CenterLossSettings"} <= names
    assert len(names) > 15
