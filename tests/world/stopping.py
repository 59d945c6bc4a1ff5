"""How the processes of this world end: on SIGINT and SIGTERM alike, in order and without a traceback."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """An event that is set when the process is told to end; a port that is taken ends it with one line."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        yield stopped
    except OSError as error:
        sys.exit(f"cannot start: {error}")
