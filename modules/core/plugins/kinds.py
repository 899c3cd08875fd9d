"""What a plug-in must be, by the setting that names it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Protocol

OPTIONS = "Options"
"""The attribute of a plug-in that holds the class of its options."""


class Kind(Protocol):
    """What every entry of a registry must be."""

    def refusal(self, entry: Any) -> str | None:
        """Says what was expected and what an object is instead; None where it fits."""


@dataclass(frozen=True)
class SubclassOf:
    """A class that can be instantiated and inherits from `base`.

    Attributes:
        base: The class that is the contract.
        attributes: Names of what a subclass must define and `base` does not.
    """

    base: type
    attributes: tuple[str, ...] = ()

    def refusal(self, entry: Any) -> str | None:
        """Says what was expected and what an object is instead; None where it fits."""
        expected = f"expected a subclass of {self.base.__module__}.{self.base.__qualname__}"
        if not (isinstance(entry, type) and issubclass(entry, self.base)):
            return f"{expected}, found {_described(entry)}"
        missing = [name for name in self.attributes if not hasattr(entry, name)]
        missing += sorted(getattr(entry, "__abstractmethods__", ()))
        return f"{expected} with {', '.join(missing)}, found one without" if missing else None


@dataclass(frozen=True)
class FunctionOf:
    """A function of the named positional arguments, and of `options` if it has `Options`."""

    arguments: tuple[str, ...]

    def refusal(self, entry: Any) -> str | None:
        """Says what was expected and what an object is instead; None where it fits."""
        expected = f"expected a function of {', '.join(self.arguments)}"
        if isinstance(entry, type) or not callable(entry):
            return f"{expected}, found {_described(entry)}"
        options = {"options": None} if hasattr(entry, OPTIONS) else {}
        try:
            inspect.signature(entry).bind(*self.arguments, **options)
        except TypeError as error:
            also = " and options" if options else ""
            return f"{expected}{also}, found {inspect.signature(entry)}: {error}"
        except ValueError:
            return None  # A built-in function that does not tell.
        return None


def _described(entry: Any) -> str:
    if isinstance(entry, type):
        return f"the class {entry.__qualname__}"
    return "a function" if inspect.isroutine(entry) else f"a value of type {type(entry).__name__}"
