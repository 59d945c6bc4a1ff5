"""One poll of one source, from the lease to the fact in the log.

The steps are numbered in docs/architecture.md. Network and parsing happen with no transaction open; what
was learnt is written in one transaction. A source's failure is a value here, never an exception; a linked
page's is none at all: it is read later.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore

from feed import damping, deleted, diff, hubs, record, rhythm, standing
from feed import visits as reading
from feed.adapters import adapter
from feed.decide import Decision, found_in, reader
from feed.edits import Read
from feed.errors import SourceError
from feed.fetch import Fetcher
from feed.parse import Feed, without_the_future
from feed.question import Response
from feed.source import Source
from feed.visitor import Seen, Visitor
from storage import cursors, holders, visits
from storage.clock import now
from storage.cursors import Cursor, LeaseLost
from storage.database import Database, Tx
from storage.encoding import digest
from storage.errors import StorageError
from storage.events import Event

logger = logging.getLogger(__name__)

_READING = BoundedSemaphore(2)
"""So many feeds are parsed and read at a time: more would only take the processor from one another, and
memory. One that is huge leaves room for the others."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one poll went. `status` is fetched, not_modified, failed or skipped (somebody else has it);
    `events` were appended, or would be in a dry run; `reason` says what is wrong; `seen` counts the entries
    that the source shows, where it was fetched."""

    source: str
    status: str
    events: tuple[Event, ...] = ()
    reason: str | None = None
    seen: int = 0


def prepare(db: Database, sources: Iterable[Source]) -> None:
    """Make the cursors fit the catalogue, and give back what a dead process of this machine still held."""
    rows = [source.row for source in sources]
    with db.read() as tx:
        ready = cursors.in_step(tx, rows)
        dead = [holder for holder in cursors.holders(tx) if holders.gone(holder)]
    if ready and not dead:
        return
    with db.write() as tx:
        cursors.sync(tx, rows)
        for holder in dead:
            cursors.release(tx, holder)


def poll(
    db: Database, fetcher: Fetcher, source: Source, *, due: bool = False, visitor: Visitor | None = None
) -> Outcome:
    """Lease the source, poll it, record what it shows; with `due`, only if its time has come.

    `visitor` reads the linked pages, where the source's `pages` is on; without one they are left for later.
    Raises StorageError when the log cannot be written.
    """
    started = now()
    with db.write(durable=False) as tx:  # step 1
        until, address = started + rhythm.LEASE, source.public_url
        cursor = cursors.lease(tx, source.id, started, until, holders.me(), due=due, url=address)
    if cursor is None:
        return Outcome(source.id, "skipped", reason="another worker polls it, or it wants to be left alone")
    try:
        return _poll_leased(db, fetcher, source, cursor, visitor)
    except LeaseLost as error:
        return Outcome(source.id, "skipped", reason=str(error))


def rehearse(db: Database, fetcher: Fetcher, source: Source, *, visitor: Visitor | None = None) -> Outcome:
    """Poll the source and say what would be recorded; write nothing."""
    with db.read() as tx:
        cursor = cursors.get(tx, source.id) or cursors.blank(*source.row)
    try:
        response = _ask(fetcher, source, cursor)
        if _unchanged(response, cursor):
            return Outcome(source.id, "not_modified")
        feed, _ = with_pages(db, source, cursor, parse(source, response, cursor), visitor)
    except SourceError as error:
        return Outcome(source.id, "failed", reason=str(error))
    except Exception as error:  # as in a poll: one feed must not stop the others
        logger.exception("source %s: unexpected error", source.id)
        return Outcome(source.id, "failed", reason=f"unexpected error: {error!r}")
    return Outcome(source.id, "fetched", foresee(db, source, feed), feed.note, feed.seen)


def foresee(db: Database, source: Source, feed: Feed) -> tuple[Event, ...]:
    """What a poll that shows this feed would record; write nothing."""
    with db.read() as tx:
        cursor = cursors.get(tx, source.id) or cursors.blank(*source.row)
        compared = record.compare(tx, source, cursor, feed)
        return record.judge(tx, source, cursor, compared.changes, reader(source), now()).events


def _poll_leased(
    db: Database, fetcher: Fetcher, source: Source, cursor: Cursor, visitor: Visitor | None
) -> Outcome:
    try:
        response = _ask(fetcher, source, cursor)  # step 2
        if response.body is None and cursor.last_success is None:
            raise SourceError("the server says 'not modified' (304) to a first, unconditional request")
        if _unchanged(response, cursor):
            return _record_unchanged(db, source, cursor, response)
        read, moment = reader(source), now()
        with _READING:
            feed = parse(source, response, cursor)  # step 3
        feed, seen = with_pages(db, source, cursor, feed, visitor)
        with _READING:
            read_texts(db, source, cursor, feed, read)  # step 4
        return _record_feed(db, source, response, feed, read, moment, seen)
    except SourceError as error:
        return _record_failure(db, source, cursor, error)
    except StorageError:
        raise
    except Exception as error:  # a bug that one feed brings to light must not stop the others
        logger.exception("source %s: unexpected error", source.id)
        return _record_failure(db, source, cursor, SourceError(f"unexpected error: {error!r}"))


def _record_unchanged(db: Database, source: Source, cursor: Cursor, response: Response) -> Outcome:
    with db.read() as tx:
        pages = visits.restless(tx, source.id, damping.RESTLESS)

    def after(current: Cursor) -> Cursor:
        return standing.after_answer(source, current, response, now(), pages=pages)

    return _record_standing(db, source, cursor, after, Outcome(source.id, "not_modified"))


def _record_failure(db: Database, source: Source, cursor: Cursor, error: SourceError) -> Outcome:
    def after(current: Cursor) -> Cursor:
        return standing.after_failure(source, current, error, now())

    return _record_standing(db, source, cursor, after, Outcome(source.id, "failed", reason=str(error)))


def _record_standing(
    db: Database, source: Source, cursor: Cursor, after: Callable[[Cursor], Cursor], outcome: Outcome
) -> Outcome:
    """Write down where we stand. Only an event must outlive a power cut: what was learnt besides is learnt
    again at the next poll."""
    eventful = bool(standing.transition(cursor, after(cursor), Decision()))
    with db.write(durable=eventful) as tx:
        current = _still_ours(tx, source)
        return _write(tx, current, after(current), Decision(), outcome)


def _record_feed(
    db: Database, source: Source, response: Response, feed: Feed, read: Read, moment: datetime, seen: Seen
) -> Outcome:
    with db.write() as tx:  # step 5
        cursor = _still_ours(tx, source)
        compared = record.compare(tx, source, cursor, feed)
        decision = record.judge(tx, source, cursor, compared.changes, read, moment, feed.seen)
        more = deleted.events(tx, source, feed, compared.changes, moment)
        decision = dataclasses.replace(decision, events=(*decision.events, *more))
        strange = compared.strange and len(feed.entries) == feed.seen
        pages = visits.restless(tx, source.id, damping.RESTLESS)
        after = standing.after_answer(
            source, cursor, response, moment, feed, decision, strange=strange, pages=pages
        )
        outcome = _write(tx, cursor, after, decision, Outcome(source.id, "fetched", (), feed.note, feed.seen))
        if source.pages:
            texts = record.shown_texts(tx, compared.changes)
            read_or_not = damping.worth_reading(compared.changes, texts, feed.seen)
            reading.note(tx, source, read_or_not, seen, moment)
        return outcome


def with_pages(
    db: Database, source: Source, cursor: Cursor, feed: Feed, visitor: Visitor | None
) -> tuple[Feed, Seen]:
    """The feed with the pages of its new and revised entries, where the source's `pages` is on."""
    if not source.pages or visitor is None:
        return feed, Seen()
    with db.read() as tx:
        changes = record.compare(tx, source, cursor, feed).changes
        changes = damping.worth_reading(changes, record.shown_texts(tx, changes), feed.seen)
    seen = visitor.pages([change.entry for change in changes if not isinstance(change, diff.Known)], source)
    entries = tuple(dataclasses.replace(entry, page=seen.page(entry)) for entry in feed.entries)
    return dataclasses.replace(feed, entries=entries), seen


def read_texts(db: Database, source: Source, cursor: Cursor, feed: Feed, read: Read) -> None:
    """Let the rules read what is new, which takes long, before anything is held up: `read` remembers it."""
    with db.read() as tx:
        changes = record.compare(tx, source, cursor, feed).changes
    for change in changes:
        if isinstance(change, diff.New | diff.Revised):
            found_in(change, read)


def _still_ours(tx: Tx, source: Source) -> Cursor:
    """The cursor as it stands now: the operator may have released what was held. Raises LeaseLost."""
    cursor = cursors.get(tx, source.id)
    if cursor is None or cursor.lease_holder != holders.me():
        raise LeaseLost(f"the source {source.id} was taken over by another worker")
    return cursor


def _write(tx: Tx, before: Cursor, after: Cursor, decision: Decision, outcome: Outcome) -> Outcome:
    """Facts, read model and cursor move together, or not at all."""
    events = (*decision.events, *standing.transition(before, after, decision))
    record.write(tx, decision, events)
    cursors.advance(tx, hubs.after_poll(tx, before, after, decision.new), holders.me())
    return dataclasses.replace(outcome, events=events)


def _ask(fetcher: Fetcher, source: Source, cursor: Cursor) -> Response:
    question = adapter(source.kind).question(cursor.adopted or source.url)
    question = dataclasses.replace(question, ports=source.ports)
    return fetcher.get(question, etag=cursor.etag, last_modified=cursor.last_modified)


def _unchanged(response: Response, cursor: Cursor) -> bool:
    return response.body is None or digest(response.body) == cursor.body


def parse(source: Source, response: Response, cursor: Cursor) -> Feed:
    """What is new in an answer, by its bytes. Raises SourceError for what cannot be read."""
    read, known = adapter(source.kind).read, frozenset(cursor.marks.split())
    feed = read(response.body or b"", known, url=response.url, content_type=response.content_type)
    return without_the_future(feed, now())
