"""Signals are acknowledged at once and obeyed where nothing is lost; a second one ends anything."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from modules.core.interruption import (
    STOPPING,
    STOPPING_AFTER_STEP,
    STOPPING_NOW,
    Interrupted,
    signals_heard,
    stop_deferred,
    stop_requested,
)

# What each program does inside `signals_heard`; it prints `ready` when a signal may come.
PROGRAM = """
import signal, sys, time
from modules.core.interruption import *
from modules.core import interruption
interruption._SECONDS_TO_END = 0.3
def say(text): print(text, flush=True)
try:
    with signals_heard(say, before_exit=lambda: say("cursor")):
{body}
except KeyboardInterrupt as error:
    say(f"interrupted {{error}}")
    sys.exit(exit_status())
"""
UNPREPARED = """
        say("ready")
        time.sleep(60)
"""
SAVING = """
        with stop_deferred():
            say("ready")
            while not stop_requested():
                time.sleep(0.01)
            time.sleep(float(sys.argv[1]))
            raise Interrupted("saved")
"""
# Native code, which no exception ends.
NATIVE = """
        import hashlib, threading
        threading.Timer(0.5, say, ("ready",)).start()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""


class Program:
    """A program that hears signals, and what it says."""

    def __init__(self, body: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(body=body), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            # In a shell's background, processes inherit that they ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert self.says() == "ready"

    def says(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def get(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def get_later(self, number: signal.Signals) -> None:
        """Gets a signal that is not the last one over again."""
        time.sleep(0.4)
        self.get(number)

    def end(self) -> tuple[str, int]:
        assert self._process.stdout is not None
        return self._process.stdout.read().strip(), self._process.wait(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_that_would_lose_nothing_ends_at_once(number: signal.Signals) -> None:
    program = Program(UNPREPARED)
    program.get(number)
    assert program.says() == STOPPING
    assert program.end() == ("interrupted", 128 + number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_that_would_lose_something_saves_first(number: signal.Signals) -> None:
    program = Program(SAVING, "0.2")
    program.get(number)
    assert program.says() == STOPPING_AFTER_STEP
    assert program.end() == ("interrupted saved", 128 + number)


def test_a_second_signal_does_not_wait_for_the_work_to_be_saved() -> None:
    program = Program(SAVING, "60")
    program.get(signal.SIGINT)
    assert program.says() == STOPPING_AFTER_STEP
    program.get_later(signal.SIGINT)
    assert program.says() == STOPPING_NOW
    assert program.end() == ("interrupted", 130)


def test_one_signal_that_comes_twice_is_one() -> None:
    program = Program(SAVING, "0.2")
    program.get(signal.SIGTERM)
    program.get(signal.SIGTERM)
    assert program.says() == STOPPING_AFTER_STEP
    assert program.end() == ("interrupted saved", 143)


def test_native_code_hinders_neither_the_answer_nor_the_end() -> None:
    program = Program(NATIVE)
    program.get(signal.SIGINT)
    assert program.says() == STOPPING
    program.get_later(signal.SIGINT)
    assert program.says() == STOPPING_NOW
    assert program.end() == ("cursor", 130)


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_heard(print):
            signal.raise_signal(signal.SIGINT)
            assert not stop_requested()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with signals_heard(print):
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_another_thread_than_the_main_one_changes_nothing() -> None:
    seen = []

    def look() -> None:
        with signals_heard(print):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_a_request_of_an_earlier_block_is_forgotten() -> None:
    with pytest.raises(KeyboardInterrupt), signals_heard(lambda text: None):
        signal.raise_signal(signal.SIGINT)
    assert stop_requested()
    with signals_heard(print), stop_deferred():
        assert not stop_requested()


def test_interrupted_work_is_not_an_ordinary_error() -> None:
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert not issubclass(Interrupted, Exception)


def test_in_a_process_that_is_not_ours_sigterm_keeps_its_handler() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with signals_heard(print, may_exit=False):
        assert signal.getsignal(signal.SIGTERM) is before[0]
        assert signal.getsignal(signal.SIGINT) is not before[1]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_an_earlier_interrupt_does_not_stop_what_another_thread_begins() -> None:
    with pytest.raises(KeyboardInterrupt), signals_heard(lambda text: None):
        signal.raise_signal(signal.SIGINT)
    assert stop_requested()
    found = []

    def work() -> None:
        with signals_heard(print):
            found.append(stop_requested())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
