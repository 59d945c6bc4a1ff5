"""Asks for the pages that announcements link to, with manners.

One request after the other to each host, as its robots.txt allows, conditional where the page was read
before. May not decide what a page means, nor when it is asked for, and writes nothing.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from feed import linked
from feed.errors import AddressRefused, BotWall, NotAFeed, NotAPage, SourceBusy, SourceError, TooLarge
from feed.fetch import Fetcher
from feed.linked import Page
from feed.parse import Entry
from feed.question import Response
from feed.robots import Robots
from feed.source import Source

logger = logging.getLogger(__name__)

AT_ONCE = 20
"""So many pages are read with one poll; the others a moment later."""
SECONDS = 20.0
"""For so long a poll reads pages: then what it found is recorded without the others."""
MOST_DELAY = 30.0
"""Of the seconds that a robots.txt wants between two requests, at most so many are kept."""
_NOT_THERE = re.compile(
    r"(?:error |http )?(?:404|410)\b.{0,60}|not found"
    r"|(?:sorry,? )?(?:this |the )?page (?:was )?not found.{0,60}",
    re.IGNORECASE,
)
"""Titles of pages that say that there is none, with a status that says there is."""


class Manners:
    """One request after the other to each host, `seconds_apart` or as its robots.txt wants. Safe to use from
    several threads."""

    def __init__(self, seconds_apart: float) -> None:
        self._seconds_apart = seconds_apart
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, url: str, delay: float | None) -> None:
        """Return when the host may be asked."""
        apart = max(self._seconds_apart, min(delay or 0.0, MOST_DELAY)) if self._seconds_apart else 0.0
        if not apart:
            return
        host = _host(url)
        with self._lock:
            moment = time.monotonic()
            turn = max(moment, self._next.get(host, 0.0))
            self._next[host] = turn + apart
        time.sleep(turn - moment)


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking at a page: what it says, None where it is the same as before (304), and what the
    server says of it."""

    page: Page | None
    etag: str | None = None
    last_modified: str | None = None


class Visitor:
    """Reads pages. Safe to use from several threads."""

    def __init__(self, fetcher: Fetcher, *, seconds_apart: float = 0.0) -> None:
        """`seconds_apart` lie between two requests to one host."""
        self._fetcher = fetcher
        self._robots = Robots(fetcher)
        self._manners = Manners(seconds_apart)

    def look(
        self, url: str, source: Source, *, etag: str | None = None, last_modified: str | None = None
    ) -> Look:
        """What the page says, or that it says what it said under these validators. Raises SourceError."""
        reader = linked.reader(linked.name_of(url))
        ports = (*source.ports, *_own_port(source))
        question = dataclasses.replace(reader.question(url), named=False, ports=ports)
        delay = None
        if question.body is None:  # an interface that takes a POST is put up to be asked
            if not self._robots.answers(question.url, ports=ports):
                raise SourceError("the site's robots.txt cannot be had, so that nothing is read there")
            if not self._robots.allows(question.url, ports=ports):
                raise AddressRefused("the site's robots.txt asks not to read this page")
            delay = self._robots.delay(question.url, ports=ports)
        self._manners.wait(question.url, delay)
        response = self._fetcher.get(question, etag=etag, last_modified=last_modified)
        if response.body is None:
            if not etag and not last_modified:
                raise SourceError("the server says 'not modified' (304) to an unconditional request")
            return Look(None, response.etag or etag, response.last_modified or last_modified)
        _refuse_the_front_page(question.url, response)
        page = reader.read(response.body, url=response.url, content_type=response.content_type)
        if _NOT_THERE.fullmatch(page.title):
            raise SourceError(f"the page says that it is not there: “{page.title}”")
        return Look(page, response.etag, response.last_modified)

    def pages(self, entries: Iterable[Entry], source: Source) -> Seen:
        """The pages of these entries, as many as one poll has time for. Raises nothing."""
        seen = Seen()
        until = time.monotonic() + SECONDS
        silent: set[str] = set()
        for entry in entries:
            if len(seen.looks) + len(seen.failures) >= AT_ONCE or time.monotonic() > until:
                break
            if not entry.url or _host(entry.url) in silent:
                continue
            try:
                seen.looks[entry] = self.look(entry.url, source)
            except SourceError as error:
                seen.failures[entry] = error
                if _is_of_the_host(error):
                    silent.add(_host(entry.url))
            except Exception as error:  # a bug that one page brings to light must not stop the poll
                logger.exception("page %s: unexpected error", entry.url)
                seen.failures[entry] = SourceError(f"unexpected error: {error!r}")
        return seen


@dataclass
class Seen:
    """What came of looking at pages: what they say, and why others could not be read."""

    looks: dict[Entry, Look] = field(default_factory=dict)
    failures: dict[Entry, SourceError] = field(default_factory=dict)

    def page(self, entry: Entry) -> Page | None:
        """What the page of the entry says, where it was read."""
        return self.looks[entry].page if entry in self.looks else None


def _refuse_the_front_page(asked: str, response: Response) -> None:
    """Where a site sends those whose page it has not any more."""
    if urlsplit(response.url).path in ("", "/") and urlsplit(asked).path not in ("", "/"):
        raise SourceError("the address leads to the front page of the site now")


def _is_of_the_host(error: SourceError) -> bool:
    """Whether the other pages of the host will not be had either, for now."""
    if isinstance(error, BotWall | SourceBusy):
        return True
    return error.status is None and not isinstance(error, NotAPage | AddressRefused | NotAFeed | TooLarge)


def _own_port(source: Source) -> tuple[int, ...]:
    """The port that the operator named in the source's address: its pages stand there, too."""
    try:
        port = urlsplit(source.url).port
    except ValueError:
        port = None
    return (port,) if port else ()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
