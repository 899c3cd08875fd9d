"""What imports leave is not looked through for garbage again."""

from __future__ import annotations

import gc

import pytest

from pipelines.running.heavy_imports import lasting_imports


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def collected_objects() -> set[int]:
    return {id(found) for found in gc.get_objects()}


def test_what_was_made_inside_is_left_alone_and_what_comes_after_is_not() -> None:
    with lasting_imports():
        inside = Cycle()
    after = Cycle()
    assert id(inside) not in collected_objects()
    assert id(after) in collected_objects()


def test_nothing_is_collected_inside() -> None:
    with lasting_imports():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failed_import_changes_nothing() -> None:
    kept = Cycle()
    with pytest.raises(ImportError), lasting_imports():
        raise ImportError
    assert gc.isenabled()
    assert id(kept) in collected_objects()


def test_a_process_that_collects_no_garbage_goes_on_like_that() -> None:
    gc.disable()
    try:
        with lasting_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
