"""Poll all and deliver once, with the real commands, to be killed on the way: `python -m tests.victim [N]`.

Says each step that begins on standard output, at once, so that what was said last tells where it died. With
N it kills itself, by SIGKILL, at the N-th of the things it does all the time: before and after each statement
to SQLite (COMMIT included) and each piece that is sent through a socket. Without a death it says at last how
many of these there were.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from tests.crashing import POINTS, at


def main() -> None:
    """What one round of the worker does, as `communique poll --all` and `communique deliver` do it."""
    fatal = int(sys.argv[1]) if len(sys.argv) > 1 else None
    numbers = itertools.count(1)
    latest = 0

    def count() -> None:
        nonlocal latest
        latest = next(numbers)  # one step of C code: threads cannot get the same number
        if latest == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    _interrupt(count)
    from feed.cli import main as command

    for point in POINTS:
        at(point, _saying(point), setattr)
    say("ready")
    command(["poll", "--all"], standalone_mode=False)
    command(["deliver"], standalone_mode=False)
    say(f"end {latest}")


def say(words: str) -> None:
    """Past all buffers: what was said is heard, whatever happens next."""
    os.write(3, f"{words}\n".encode())


def _saying(point: str) -> Callable[[], None]:
    return lambda: say(point)


def _interrupt(count: Callable[[], None]) -> None:
    class Counted(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            count()
            try:
                return super().execute(*arguments)
            finally:
                count()

    connect, send_all = sqlite3.connect, socket.socket.sendall

    def sent(this: socket.socket, *arguments: Any) -> None:
        count()
        send_all(this, *arguments)
        count()

    sqlite3.connect = lambda *arguments, **named: connect(*arguments, **named, factory=Counted)  # type: ignore[assignment]
    socket.socket.sendall = sent  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
