"""What a setting names: a registry of objects of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Objects of one kind, by the names that a setting gives them.

    The file that makes a registry imports its entries by name: the source fingerprint follows
    imports, and would miss entries that are found by scanning.

    Args:
        setting: The key that holds a name, such as `network.name`.
        kind: What a name stands for, such as `network`.
        entries: The first entries.

    Example:
        >>> shapes = Registry("drawing.shape", "shape", {"circle": "o"})
        >>> shapes.register("square", "#")
        >>> shapes.names(), shapes.find("square")
        (('circle', 'square'), '#')
    """

    def __init__(self, setting: str, kind: str, entries: Mapping[str, Entry]) -> None:
        self._setting = setting
        self._kind = kind
        self._entries = dict(entries)

    def register(self, name: str, entry: Entry) -> None:
        """Adds an entry.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"A {self._kind} named '{name}' is already registered.")
        self._entries[name] = entry

    def names(self) -> tuple[str, ...]:
        """Lists the names in alphabetical order."""
        return tuple(sorted(self._entries))

    def find(self, name: str) -> Entry:
        """Returns the entry of a name.

        Raises:
            ConfigError: Nothing has that name; the message has the setting and the nearest name.
        """
        if name not in self._entries:
            raise ConfigError(f"{self._setting}: {self.unknown(name)}")
        return self._entries[name]

    def unknown(self, name: str) -> str:
        """Says that nothing has a name, and which name is nearest."""
        return f"no {self._kind} is named '{name}'{nearest_name_hint(name, self.names())}"
