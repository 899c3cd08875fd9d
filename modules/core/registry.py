"""What a setting names: a registry of objects of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from modules.core.errors import ConfigError
from modules.core.nearest_name import nearest_name_hint
from modules.core.plugins.kinds import Kind
from modules.core.plugins.lookup import entry_points_of, load_plugin

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Objects of one kind, by the names that a setting gives them.

    Besides its own entries it finds plug-ins: what `package.module:object` refers to, and what an
    installed package offers as an entry point. Its own names come first.

    The file that makes a registry imports its entries by name: the source fingerprint follows
    imports, and would miss entries that are found by scanning. Plug-ins have a fingerprint of their
    own (`pipelines.plugins.code`).

    Args:
        setting: The key that holds a name, such as `network.name`.
        kind: What a name stands for, such as `network`.
        entries: The first entries.
        group: Group of the entry points; without one there are no plug-ins.
        contract: What a plug-in must be.

    Example:
        >>> shapes = Registry("drawing.shape", "shape", {"circle": "o"})
        >>> shapes.register("square", "#")
        >>> shapes.names(), shapes.find("square")
        (('circle', 'square'), '#')
    """

    def __init__(
        self,
        setting: str,
        kind: str,
        entries: Mapping[str, Entry],
        group: str | None = None,
        contract: Kind | None = None,
    ) -> None:
        self._setting = setting
        self._kind = kind
        self._entries = dict(entries)
        self._group = group
        self._contract = contract

    @property
    def kind(self) -> str:
        """What a name stands for."""
        return self._kind

    def register(self, name: str, entry: Entry) -> None:
        """Adds an entry.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"A {self._kind} named '{name}' is already registered.")
        self._entries[name] = entry

    def names(self) -> tuple[str, ...]:
        """Lists the names of its own entries in alphabetical order."""
        return tuple(sorted(self._entries))

    def plugin(self, name: str) -> str | None:
        """Returns the reference `package.module:object` of a plug-in; None for any other name."""
        if name in self._entries or self._group is None:
            return None
        return name if ":" in name else entry_points_of(self._group).get(name)

    def find(self, name: str) -> Entry:
        """Returns the entry of a name.

        Raises:
            ConfigError: Nothing has that name, or the plug-in cannot be imported or is no such
                thing; the message has the setting and, for a name, the nearest one.
        """
        if name in self._entries:
            return self._entries[name]
        reference = self.plugin(name)
        if reference is None:
            raise ConfigError(f"{self._setting}: {self.unknown(name)}")
        try:
            entry: Entry = load_plugin(reference)
        except ConfigError as error:
            raise ConfigError(f"{self._setting}: {error}") from error
        if self._contract and (refusal := self._contract.refusal(entry)):
            raise ConfigError(
                f"{self._setting}: '{reference}' is no {self._kind}: {refusal}. "
                "See docs/plugins.md."
            )
        return entry

    def unknown(self, name: str) -> str:
        """Says that nothing has a name, and which name is nearest."""
        known = (*self.names(), *(entry_points_of(self._group) if self._group else ()))
        return f"no {self._kind} is named '{name}'{nearest_name_hint(name, known)}"
