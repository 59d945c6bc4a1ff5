"""Reads the pages that announcements link to: politely, once for each change of the announcement.

A page is read with the poll that shows its announcement, so that what is told is told with all its facts.
What cannot be had then is read later; what it adds then is a change, never a second announcement. May not
decide what a page means, and holds no transaction open while it asks.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feed import later, linked, rhythm
from feed.errors import (
    AddressRefused,
    BotWall,
    NotAFeed,
    NotAPage,
    SourceBusy,
    SourceError,
    SourceGone,
    TooLarge,
)
from feed.fetch import Fetcher
from feed.linked import Page
from feed.parse import Entry
from feed.robots import Robots
from feed.source import Source
from storage import catalogue, effects, log, visits
from storage.clock import now, to_stamp
from storage.database import Database, Tx
from storage.events import Event
from storage.visits import Visit

logger = logging.getLogger(__name__)

AT_ONCE = 20
"""So many pages are read with one poll; the others a moment later."""
SECONDS = 20.0
"""For so long a poll reads pages: then what it found is recorded without the others."""
MOST_DELAY = 30.0
"""Of the seconds that a robots.txt wants between two requests, at most so many are kept."""
CLAIM = timedelta(minutes=5)
RETRIES = (5, 30, 120, 480, 1440, 1440, 2880)
"""Minutes until a page that could not be read is tried again; after the last it is given up."""


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


class Visitor:
    """Reads pages. Safe to use from several threads."""

    def __init__(self, fetcher: Fetcher, *, seconds_apart: float = 0.0) -> None:
        """`seconds_apart` lie between two requests to one host."""
        self._fetcher = fetcher
        self._robots = Robots(fetcher)
        self._manners = Manners(seconds_apart)

    def page(self, url: str, source: Source) -> Page:
        """What the page says. Raises SourceError."""
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
        response = self._fetcher.get(question)
        if response.body is None:
            raise SourceError("the server says 'not modified' (304) to an unconditional request")
        return reader.read(response.body, url=response.url, content_type=response.content_type)

    def pages(self, entries: Iterable[Entry], source: Source) -> Seen:
        """The pages of these entries, as many as one poll has time for. Raises nothing."""
        seen = Seen()
        until = time.monotonic() + SECONDS
        silent: set[str] = set()
        for entry in entries:
            if len(seen.pages) + len(seen.failures) >= AT_ONCE or time.monotonic() > until:
                break
            if not entry.url or _host(entry.url) in silent:
                continue
            try:
                seen.pages[entry] = self.page(entry.url, source)
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

    pages: dict[Entry, Page] = field(default_factory=dict)
    failures: dict[Entry, SourceError] = field(default_factory=dict)

    def note(self, tx: Tx, source: Source, entry: Entry, announcement: str, moment: datetime) -> None:
        """Plan when the page of a recorded announcement is read, if it was not now."""
        if entry in self.pages or not entry.url:
            visits.done(tx, announcement)
            return
        planned = Visit(announcement, source.id, entry.url, to_stamp(moment))
        if error := self.failures.get(entry):
            put_off(tx, planned, error, moment)
        else:
            visits.plan(tx, planned)


def _is_of_the_host(error: SourceError) -> bool:
    """Whether the other pages of the host will not be had either, for now."""
    if isinstance(error, BotWall | SourceBusy):
        return True
    return error.status is None and not isinstance(error, NotAPage | AddressRefused | NotAFeed | TooLarge)


def put_off(tx: Tx, visit: Visit, error: SourceError, moment: datetime) -> None:
    """Plan the next try after a failure, or give the page up."""
    if visit.tries >= len(RETRIES) or isinstance(error, NotAPage | SourceGone):
        visits.done(tx, visit.announcement)
        return
    next_visit = moment + timedelta(minutes=RETRIES[visit.tries])
    if isinstance(error, SourceBusy) and (asked := rhythm.retry_after(error.retry_after, moment)):
        next_visit = max(next_visit, asked)
    elif isinstance(error, BotWall | AddressRefused):
        next_visit = moment + timedelta(days=1)
    visits.plan(
        tx,
        dataclasses.replace(
            visit, next_visit=to_stamp(next_visit), tries=visit.tries + 1, reason=str(error)[:500]
        ),
    )


def due(db: Database, sources: Mapping[str, Source], *, early: bool = False, limit: int = 100) -> list[Visit]:
    """The pages that are due at these sources; `early`: whatever their time."""
    reading = [key for key, source in sources.items() if source.pages]
    with db.read() as tx:
        return visits.due(tx, now(), sources=reading, early=early, limit=limit)


def read_later(db: Database, visitor: Visitor, source: Source, visit: Visit) -> tuple[Event, ...]:
    """Read a page that was due, and record what it adds to its announcement; what that comes to.

    Raises StorageError when the log cannot be written.
    """
    with db.write(durable=False) as tx:
        taken = now() + CLAIM
        if not visits.claim(tx, visit, taken):
            return ()
    mine = dataclasses.replace(visit, next_visit=to_stamp(taken))
    try:
        page = visitor.page(visit.url, source)
    except Exception as error:
        if not isinstance(error, SourceError):  # a bug that one page brings to light
            logger.exception("page %s: unexpected error", visit.url)
            error = SourceError(f"unexpected error: {error!r}")
        with db.write(durable=False) as tx:
            if visits.claim(tx, mine, taken):
                put_off(tx, mine, error, now())
        return ()
    with db.write() as tx:
        if not visits.claim(tx, mine, taken):
            return ()  # it took too long: somebody else has it
        visits.done(tx, visit.announcement)
        events = _add(tx, source, visit.announcement, page)
    return events


def _add(tx: Tx, source: Source, key: str, page: Page) -> tuple[Event, ...]:
    announcement = catalogue.announcement(tx, key)
    if announcement is None:
        return ()
    text = log.text(tx, announcement.text) if announcement.text else None
    before = log.text(tx, announcement.page) if announcement.page else None
    known = later.Known(
        announcement,
        text or announcement.summary,
        Page(text=before, published_at=announcement.published_at) if before is not None else None,
        catalogue.told(tx, [key]).get(key, []),
        not announcement.backfill and announcement.day >= (now() - later.FRESH).date().isoformat(),
    )
    found = later.reading(source, known, page)
    since = log.first_since(tx, now() - later.WINDOW)
    rivals = {
        name: catalogue.rivals(tx, facts.kind, facts.title, source.id, since)
        for name, facts in found.now.items()
        if name not in known.keys
    }
    events = later.decide(source, known, page, found, rivals)
    if events:
        log.keep_text(tx, page.text)
    for recorded in log.append(tx, events, now()):
        effects.apply(tx, recorded)
    return events


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
