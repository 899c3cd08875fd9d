"""A plug-in of the wrong kind is refused, with what was expected and found."""

from __future__ import annotations

import abc

import pytest

from modules.core.plugins.kinds import FunctionOf, SubclassOf


class Base(abc.ABC):
    patterns: str

    @abc.abstractmethod
    def shards(self) -> None: ...


class Whole(Base):
    patterns = "*"

    def shards(self) -> None: ...


class Half(Base): ...


KIND = SubclassOf(Base, attributes=("patterns",))
FUNCTION = FunctionOf(("settings", "images"))


def two(settings: object, images: object) -> None: ...


def three(settings: object, images: object, options: object) -> None: ...


def one(settings: object) -> None: ...


def test_a_whole_subclass_fits() -> None:
    assert KIND.refusal(Whole) is None


def test_an_unfinished_subclass_is_refused_with_what_it_lacks() -> None:
    assert str(KIND.refusal(Half)).endswith("Base with patterns, shards, found one without")


@pytest.mark.parametrize(
    ("entry", "found"), [(Whole(), "a value of type Whole"), (two, "a function"), (int, "int")]
)
def test_what_is_no_subclass_is_refused(entry: object, found: str) -> None:
    refusal = str(KIND.refusal(entry))
    assert refusal.startswith(f"expected a subclass of {__name__}.Base, found")
    assert refusal.endswith(found)


def test_a_function_of_the_arguments_fits() -> None:
    assert FUNCTION.refusal(two) is None


def test_a_function_with_options_must_take_them() -> None:
    marked = type("Marked", (), {"__call__": lambda self, settings, images, options: None})()
    marked.Options = object
    assert FUNCTION.refusal(marked) is None
    without = type("Marked", (), {"__call__": lambda self, settings, images: None})()
    without.Options = object
    assert "expected a function of settings, images and options" in str(FUNCTION.refusal(without))


@pytest.mark.parametrize("entry", [one, three, Whole, 7, None])
def test_what_cannot_be_called_so_is_refused(entry: object) -> None:
    assert str(FUNCTION.refusal(entry)).startswith("expected a function of settings, images")
