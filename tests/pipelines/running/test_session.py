"""Unexpected errors end in a message that names the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.core.errors import ConfigError, WarmstartError
from pipelines.running.session import unexpected_errors_explained

LOG = Path("runs/logs/one.log")


def fail(error: BaseException, verbose: bool = False) -> None:
    with unexpected_errors_explained(LOG, kept="All is kept.", verbose=verbose):
        raise error


def test_the_message_names_error_log_and_what_is_kept() -> None:
    with pytest.raises(WarmstartError) as caught:
        fail(RuntimeError("first line\nsecond line"))
    message = str(caught.value)
    assert message.startswith("RuntimeError: first line\n")
    assert "second line" not in message
    assert str(LOG) in message
    assert message.endswith("All is kept.")


def test_an_error_that_is_explained_already_stays_as_it_is() -> None:
    with pytest.raises(ConfigError, match=r"^typo$"):
        fail(ConfigError("typo"))


def test_whatever_fails_after_a_request_to_stop_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.running.session.stop_requested", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        fail(RuntimeError("worker failed: KeyboardInterrupt"))


def test_verbose_lets_the_traceback_through() -> None:
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError("1/0"), verbose=True)
