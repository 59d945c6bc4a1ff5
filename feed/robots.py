"""Which pages we may read: asks each site for its robots.txt (RFC 9309) and keeps it for a day.

For pages only: a feed is put up to be polled. May not read the pages themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from feed import exclusion
from feed.errors import AddressRefused, SourceError, TooManyRedirects
from feed.exclusion import EVERYTHING, NOTHING, UNKNOWN, Rules
from feed.fetch import Fetcher
from feed.question import Question

KEPT_SECONDS = 24 * 3600.0
FOR_NOW_SECONDS = 600.0
"""When a site is asked again that could not answer."""
SITES = 1000
"""The rules of so many sites are kept."""


class Robots:
    """What the sites say to us. Safe to use from several threads."""

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Rules]] = {}

    def allows(self, url: str, *, ports: Collection[int] = ()) -> bool:
        """Whether the page may be read; `ports` may be asked beside 80 and 443. Raises nothing."""
        return self._rules(url, ports).allows(url)

    def answers(self, url: str, *, ports: Collection[int] = ()) -> bool:
        """Whether the site said what may be read: until it can, nothing may be. Raises nothing."""
        return self._rules(url, ports).known

    def delay(self, url: str, *, ports: Collection[int] = ()) -> float | None:
        """The seconds between two requests that the page's site asks for. Raises nothing."""
        return self._rules(url, ports).delay

    def _rules(self, url: str, ports: Collection[int]) -> Rules:
        address = exclusion.address(url)
        if address is None:
            return NOTHING
        with self._lock:
            until, rules = self._kept.get(address, (0.0, NOTHING))
        if self._clock() < until:
            return rules
        rules, seconds = self._ask(Question(address, accept=_TEXT, ports=ports, named=False))
        with self._lock:
            self._kept.pop(address, None)
            while len(self._kept) >= SITES:
                del self._kept[next(iter(self._kept))]
            self._kept[address] = (self._clock() + seconds, rules)
        return rules

    def _ask(self, question: Question) -> tuple[Rules, float]:
        """The rules, and for how long they hold."""
        try:
            body = self._fetcher.get(question).body
        except AddressRefused:  # nobody was asked
            return NOTHING, 0.0
        except TooManyRedirects:  # RFC 9309, 2.3.1.2
            return EVERYTHING, KEPT_SECONDS
        except SourceError as error:
            unavailable = error.status is not None and 400 <= error.status < 500
            if (
                unavailable and error.status != 429
            ):  # "too many requests" says that the site cannot answer now
                return EVERYTHING, KEPT_SECONDS
            return UNKNOWN, FOR_NOW_SECONDS
        return (UNKNOWN, FOR_NOW_SECONDS) if body is None else (exclusion.read(body), KEPT_SECONDS)


_TEXT = "text/plain, */*;q=0.5"
