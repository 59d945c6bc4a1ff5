"""Whose turn it is: many sources or pages side by side, but each host a few at a time and not too fast.

May not ask anything itself, and knows no database.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)


class Due(Protocol):
    """What wants a turn: a source, or a page."""

    @property
    def id(self) -> str:
        """What tells it apart."""

    @property
    def url(self) -> str:
        """Where it stands."""


D = TypeVar("D", bound=Due)


class Turns(Generic[D]):
    """Threads that call `work` for each of those that are added, as soon as its host allows.

    Of one host `at_once` are in hand together, begun `seconds_apart`. A slow source keeps one
    thread, and a slow host only its own share of them.
    """

    def __init__(
        self, work: Callable[[D], None], *, threads: int, at_once: int, seconds_apart: float
    ) -> None:
        self._work = work
        self._most = threads
        self._at_once = at_once
        self._seconds_apart = seconds_apart
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._waiting: dict[str, deque[D]] = {}
        self._busy: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._in_hand: set[str] = set()
        self._closed = False

    def add(self, these: Iterable[D]) -> None:
        """Put these in line, but those that are in line or in hand already."""
        with self._changed:
            for due in these:
                if due.id not in self._in_hand:
                    self._in_hand.add(due.id)
                    self._waiting.setdefault(_host(due), deque()).append(due)
            for _ in range(min(len(self._in_hand), self._most) - len(self._threads)):
                thread = threading.Thread(
                    target=self._run, name=f"turn-{len(self._threads) + 1}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Finish what is in hand, and forget what is in line."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while due := self._next():
            try:
                self._work(due)
            except Exception:  # whoever works here answers for it; the thread goes on with the next
                logger.exception("%s: unexpected error", due.id)
            finally:
                self._done(due)

    def _next(self) -> D | None:
        """The next source whose host allows it, as soon as there is one; None at the end."""
        with self._changed:
            while not self._closed:
                moment = time.monotonic()
                if host := self._ready(moment):
                    return self._take(host, moment)
                self._changed.wait(self._soonest(moment))
            return None

    def _ready(self, moment: float) -> str | None:
        for host in self._waiting:
            if self._busy[host] < self._at_once and self._not_before.get(host, 0) <= moment:
                return host
        return None

    def _soonest(self, moment: float) -> float | None:
        """Seconds until the next host may be asked again; None where only the end of a poll can tell."""
        later = [self._not_before.get(host, 0) for host in self._waiting if self._busy[host] < self._at_once]
        return max(0.0, min(later) - moment) if later else None

    def _take(self, host: str, moment: float) -> D:
        line = self._waiting.pop(host)
        due = line.popleft()
        if line:
            self._waiting[host] = line  # behind the others
        self._busy[host] += 1
        self._not_before[host] = moment + self._seconds_apart
        return due

    def _done(self, due: Due) -> None:
        with self._changed:
            self._busy[_host(due)] -= 1
            self._in_hand.discard(due.id)
            self._changed.notify()


def _host(due: Due) -> str:
    return urlsplit(due.url).hostname or ""
