"""Each reader on mutated inputs; `python -m tests.fuzz` does it for longer.

The draws are the same in every run. Hypothesis prints the arguments of a failing example: run the
test again to repeat it, and keep it with `@example`. `--hypothesis-profile=default` draws anew.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("reader", TARGETS)
def test_the_first_seed_is_valid(reader: str, tmp_path: Path) -> None:
    target = TARGETS[reader]
    target.read(target.seeds[0], tmp_path)


@pytest.mark.parametrize("reader", TARGETS)
@given(seed=st.integers(0, 2**32), choice=st.integers(0, 100))
# In a configuration: a lone surrogate, which pydantic reports without a location.
@example(seed=161, choice=1)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_ends_in_another_error_than_the_documented_one(
    reader: str, seed: int, choice: int
) -> None:
    target = TARGETS[reader]
    target(mutate(target.seeds[choice % len(target.seeds)], random.Random(seed)))


@pytest.mark.parametrize("reader", TARGETS)
@given(data=st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_neither_do_bytes_of_any_kind(reader: str, data: bytes) -> None:
    TARGETS[reader](data)


def test_an_error_of_another_kind_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tests.fuzz.targets.load_config", broken)
    with pytest.raises(ZeroDivisionError):
        TARGETS["config"](b"")
