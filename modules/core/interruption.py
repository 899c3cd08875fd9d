"""Ctrl-C and SIGTERM: acknowledged at once, obeyed where nothing is lost.

The first signal ends the work in hand with a KeyboardInterrupt. Work that would lose something runs
inside `stop_deferred`, asks `stop_requested` now and then, saves and raises `Interrupted`. A second
signal ends any work.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

STOPPING = "Stopping; press Ctrl-C again to stop now."
STOPPING_AFTER_STEP = "Stopping after this step; press Ctrl-C again to stop now."
STOPPING_NOW = "Stopping now."

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# How long native code, which Python cannot interrupt, may go on after a second signal.
_SECONDS_TO_END = 3.0

# Within less, it is one signal that comes twice, as from timeout(1): to a process and to its group.
_SECONDS_BETWEEN_SIGNALS = 0.3

# A process has one set of signal handlers, and so one record of what they received, and when.
_received: list[tuple[int, float]] = []
_deferring = threading.Event()


class Interrupted(KeyboardInterrupt):
    """Work has ended on request; the message, a sentence, says what of it was saved."""


def stop_requested() -> bool:
    """Whether the work in hand should save what it has and end."""
    return bool(_received)


def request_stop() -> None:
    """Notes a request that came another way than by a signal."""
    _received.append((signal.SIGTERM, time.monotonic()))


def exit_status() -> int:
    """Returns the status with which an interrupted process ends: 128 + the signal's number."""
    return 128 + (_received[0][0] if _received else signal.SIGINT)


@contextlib.contextmanager
def stop_deferred() -> Iterator[None]:
    """Makes a first signal only noted inside the block, which has to ask `stop_requested`."""
    _deferring.set()
    try:
        yield
    finally:
        _deferring.clear()


@contextlib.contextmanager
def signals_heard(
    say: Callable[[str], None],
    before_exit: Callable[[], object] = lambda: None,
    *,
    may_exit: bool = True,
) -> Iterator[None]:
    """Turns SIGINT and SIGTERM into requests to stop, inside the block.

    A signal that the process was started to ignore stays ignored. In another thread than the main
    one, where Python handles no signals, nothing changes.

    Args:
        say: Tells the user, from a thread of its own: Python's handlers wait for native code.
        before_exit: Called where a second signal has to end the process by force.
        may_exit: Whether the process is ours to end. Otherwise only SIGINT is heard, and a second
            one just interrupts again.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = _SIGNALS if may_exit else _SIGNALS[:1]
    heard = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    ended = threading.Event()

    def listen() -> None:
        count, last = 0, -_SECONDS_BETWEEN_SIGNALS
        while number := reader.recv(1):
            now = time.monotonic()
            if number[0] not in heard or now - last < _SECONDS_BETWEEN_SIGNALS:
                continue
            count, last = count + 1, now
            # The terminal may be gone.
            with contextlib.suppress(OSError):
                if count == 1:
                    say(STOPPING_AFTER_STEP if _deferring.is_set() else STOPPING)
                elif count == 2:
                    say(STOPPING_NOW)
            if may_exit and count == 2 and not ended.wait(_SECONDS_TO_END):
                before_exit()
                os._exit(128 + number[0])

    earlier_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    earlier = {number: signal.signal(number, _handle) for number in heard}
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        ended.set()
        for number, handler in earlier.items():
            signal.signal(number, handler or signal.SIG_DFL)
        signal.set_wakeup_fd(earlier_fd)
        writer.close()
        listener.join()
        reader.close()


def _handle(number: int, _: FrameType | None) -> None:
    now = time.monotonic()
    if _received and now - _received[-1][1] < _SECONDS_BETWEEN_SIGNALS:
        return
    _received.append((number, now))
    if len(_received) > 1 or not _deferring.is_set():
        raise KeyboardInterrupt
