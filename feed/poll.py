"""One poll of one source, from the lease to the fact in the log; and many of them at once.

The steps are numbered in docs/architecture.md. Network and parsing happen with no transaction open; what
was learnt is written in one transaction. A source's failure is a value here, never an exception.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from feed import diff, rhythm
from feed.adapters import adapter
from feed.decide import Decision, Past, Read, decide, reader
from feed.errors import SourceBusy, SourceError, SourceGone
from feed.fetch import Fetcher, Response
from feed.parse import Feed
from feed.source import Source
from storage import catalogue, cursors, effects, holders, log
from storage.clock import now, to_stamp
from storage.cursors import Cursor, LeaseLost
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.events import (
    AnnouncementPublished,
    AnnouncementRevised,
    Event,
    SourceEnded,
    SourceFailing,
    SourceMoved,
    SourceRecovered,
    digest,
)
from storage.filters import Subject

logger = logging.getLogger(__name__)

POLLS_TO_MOVE = 3
"""So many polls in a row must have met a permanent redirect before its target is polled instead."""


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


def poll_many(
    poll_one: Callable[[Source], Outcome], sources: Sequence[Source], threads: int
) -> Iterator[Outcome]:
    """Poll the sources side by side; their outcomes as they come in."""
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="poll") as pool:
        futures = [pool.submit(poll_one, source) for source in sources]
        for future in as_completed(futures):
            yield future.result()


def poll(db: Database, fetcher: Fetcher, source: Source, *, due: bool = False) -> Outcome:
    """Lease the source, poll it, record what it shows; with `due`, only if its time has come.

    Raises StorageError when the log cannot be written.
    """
    started = now()
    with db.write() as tx:  # step 1
        cursor = cursors.lease(tx, source.id, started, started + rhythm.LEASE, holders.me(), due=due)
    if cursor is None:
        return Outcome(source.id, "skipped", reason="another worker polls it, or it wants to be left alone")
    try:
        return _poll_leased(db, fetcher, source, cursor)
    except LeaseLost as error:
        return Outcome(source.id, "skipped", reason=str(error))


def rehearse(db: Database, fetcher: Fetcher, source: Source) -> Outcome:
    """Poll the source and say what would be recorded; write nothing."""
    with db.read() as tx:
        cursor = cursors.get(tx, source.id) or _unknown(source)
    try:
        response = _ask(fetcher, source, cursor)
        if _unchanged(response, cursor):
            return Outcome(source.id, "not_modified")
        feed = _parse(source, response, cursor)
    except SourceError as error:
        return Outcome(source.id, "failed", reason=str(error))
    except Exception as error:  # as in a poll: one feed must not stop the others
        logger.exception("source %s: unexpected error", source.id)
        return Outcome(source.id, "failed", reason=f"unexpected error: {error!r}")
    with db.read() as tx:
        decision = _decide(tx, source, cursor, feed, reader(source))
    return Outcome(source.id, "fetched", decision.events, feed.note, feed.seen)


def _poll_leased(db: Database, fetcher: Fetcher, source: Source, cursor: Cursor) -> Outcome:
    try:
        response = _ask(fetcher, source, cursor)  # step 2
        if response.body is None and cursor.last_success is None:
            raise SourceError("the server says 'not modified' (304) to a first, unconditional request")
        if _unchanged(response, cursor):
            return _record(db, _healthy(source, cursor, response, None), Outcome(source.id, "not_modified"))
        feed = _parse(source, response, cursor)  # step 3
        return _record_feed(db, source, cursor, response, feed)
    except SourceError as error:
        return _record_failure(db, source, cursor, error)
    except StorageError:
        raise
    except Exception as error:  # a bug that one feed brings to light must not stop the others
        logger.exception("source %s: unexpected error", source.id)
        return _record_failure(db, source, cursor, SourceError(f"unexpected error: {error!r}"))


def _record_feed(db: Database, source: Source, cursor: Cursor, response: Response, feed: Feed) -> Outcome:
    read = reader(source)
    with db.read() as tx:
        head = log.head(tx)
        decision = _decide(tx, source, cursor, feed, read)  # step 4
    with db.write() as tx:  # step 5
        if log.head(tx) != head:
            # Somebody else wrote meanwhile, perhaps about the same page: look again. What the rules read
            # is kept, so that the others do not wait for it.
            decision = _decide(tx, source, cursor, feed, read)
        published = sum(isinstance(event, AnnouncementPublished) for event in decision.events)
        after = dataclasses.replace(_healthy(source, cursor, response, feed), new=cursor.new + published)
        return _write(
            tx, after, decision, Outcome(source.id, "fetched", decision.events, feed.note, feed.seen)
        )


def _decide(tx: Tx, source: Source, cursor: Cursor, feed: Feed, read: Read) -> Decision:
    guids = [entry.guid for entry in feed.entries if entry.guid]
    links = [entry.link for entry in feed.entries if entry.link]
    seen = cursors.sightings(tx, source.id, guids, links)
    changes = diff.compare(source.id, feed.entries, seen)
    told = catalogue.known(tx, [change.announcement for change in changes])
    changes = [
        diff.Known(change.entry, change.announcement)
        if isinstance(change, diff.New) and change.announcement in told
        else change
        for change in changes
    ]
    return decide(source, changes, _past(tx, cursor, changes), read, backfill=cursor.last_success is None)


def _past(tx: Tx, cursor: Cursor, changes: Sequence[diff.Change]) -> Past:
    subjects: dict[str, list[Subject]] = {}
    for subject in catalogue.subjects_of(tx, [change.announcement for change in changes]):
        subjects.setdefault(subject.announcement, []).append(subject)
    known = [change.announcement for change in changes if isinstance(change, diff.Known)]
    shown = [change.shown["text"] for change in changes if isinstance(change, diff.Revised)]
    return Past(
        subjects=subjects,
        news=catalogue.archived_since(tx, known, cursor.last_success) if cursor.last_success else set(),
        texts={key: text for key in shown if key and (text := log.text(tx, key)) is not None},
    )


def _write(tx: Tx, after: Cursor, decision: Decision, outcome: Outcome) -> Outcome:
    """Facts, read model and cursor move together, or not at all."""
    for text in decision.texts:
        log.keep_text(tx, text)
    events = (*decision.events, *_transition(tx, after))
    for recorded in log.append(tx, events, now()):
        effects.apply(tx, recorded)
    for sighting in decision.sightings:
        cursors.see(tx, sighting)
    cursors.advance(tx, after, holders.me())
    return dataclasses.replace(outcome, events=events)


def _record(db: Database, after: Cursor, outcome: Outcome) -> Outcome:
    with db.write() as tx:
        return _write(tx, after, Decision((), (), ()), outcome)


def _record_failure(db: Database, source: Source, cursor: Cursor, error: SourceError) -> Outcome:
    after = _failed(source, cursor, error)
    return _record(db, after, Outcome(source.id, "failed", reason=str(error)))


def _transition(tx: Tx, after: Cursor) -> tuple[Event, ...]:
    """The events of a change of health or address; a source that goes on as before makes none."""
    before = cursors.get(tx, after.source)
    if before is None:
        return ()
    moved: tuple[Event, ...] = ()
    if after.adopted and after.adopted != before.adopted:
        moved = (SourceMoved(source=after.source, url=after.adopted, before=before.adopted or before.url),)
    return moved if before.health == after.health else (*moved, *_health_changed(before, after))


def _health_changed(before: Cursor, after: Cursor) -> tuple[Event, ...]:
    match after.health:
        case "failing":
            return (SourceFailing(source=after.source, reason=after.reason or ""),)
        case "ended":
            return (SourceEnded(source=after.source, reason=after.reason or ""),)
        case "ok" if before.health == "failing":
            return (SourceRecovered(source=after.source),)
    return ()


def _healthy(source: Source, cursor: Cursor, response: Response, feed: Feed | None) -> Cursor:
    """Where we stand after an answer; `feed` None is an unchanged one."""
    moment = now()
    stamp = to_stamp(moment)
    after = dataclasses.replace(
        cursor,
        health="ok",
        reason=feed.note if feed else cursor.reason if cursor.health == "ok" else None,
        failures=0,
        etag=response.etag or (cursor.etag if response.body is None else None),
        last_modified=response.last_modified or (cursor.last_modified if response.body is None else None),
        last_poll=stamp,
        # While nothing was seen whole, what comes is still what the source showed at first: backfill.
        last_success=stamp if feed is None or feed.whole else cursor.last_success,
        next_poll=to_stamp(rhythm.after_success(source.id, source.interval_minutes, moment)),
        not_before=None,
        **_moved(cursor, response),
    )
    if feed is None or response.body is None:
        return after
    if not feed.whole:
        # 'Not modified' must not keep us from the rest.
        return dataclasses.replace(after, etag=None, last_modified=None, body=None, seen=feed.seen, marks="")
    return dataclasses.replace(after, body=digest(response.body), seen=feed.seen, marks=" ".join(feed.marks))


def _moved(cursor: Cursor, response: Response) -> dict[str, Any]:
    """What a permanent redirect changes: an address that POLLS_TO_MOVE polls in a row met is adopted."""
    if not response.moved:
        return {"moved_to": None, "moved_times": 0}
    times = cursor.moved_times + 1 if cursor.moved_to == response.url else 1
    if times < POLLS_TO_MOVE:
        return {"moved_to": response.url, "moved_times": times}
    return {"moved_to": None, "moved_times": 0, "adopted": response.url}


def _failed(source: Source, cursor: Cursor, error: SourceError) -> Cursor:
    moment = now()
    failures = cursor.failures + 1
    later = rhythm.retry_after(error.retry_after, moment) if isinstance(error, SourceBusy) else None
    next_poll = rhythm.after_failure(source.interval_minutes, failures, moment)
    return dataclasses.replace(
        cursor,
        health="ended" if isinstance(error, SourceGone) else "failing",
        reason=str(error),
        failures=failures,
        last_poll=to_stamp(moment),
        next_poll=to_stamp(max(next_poll, later) if later else next_poll),
        not_before=to_stamp(later) if later else None,
        # Redirects count when they are met in a row; and where a new address fails, the old one may not.
        moved_to=None,
        moved_times=0,
        adopted=None,
    )


def _ask(fetcher: Fetcher, source: Source, cursor: Cursor) -> Response:
    question = adapter(source.kind).question(cursor.adopted or source.url)
    question = dataclasses.replace(question, ports=source.ports)
    return fetcher.get(question, etag=cursor.etag, last_modified=cursor.last_modified)


def _unchanged(response: Response, cursor: Cursor) -> bool:
    return response.body is None or digest(response.body) == cursor.body


def _parse(source: Source, response: Response, cursor: Cursor) -> Feed:
    read, known = adapter(source.kind).read, frozenset(cursor.marks.split())
    return read(response.body or b"", known, url=response.url, content_type=response.content_type)


def _unknown(source: Source) -> Cursor:
    """The cursor of a source that was never polled."""
    blank = dict.fromkeys(cursors.COLUMNS)
    start = {
        "failures": 0,
        "seen": 0,
        "new": 0,
        "marks": "",
        "moved_times": 0,
        "health": "new",
        "active": True,
    }
    return Cursor(**{**blank, **start, "source": source.id, "name": source.name, "url": source.url})  # type: ignore[arg-type]


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The summary of `communique poll`."""
    events = [event for outcome in outcomes for event in outcome.events]
    return {
        "sources": len(outcomes),
        "fetched": sum(outcome.status == "fetched" for outcome in outcomes),
        "not_modified": sum(outcome.status == "not_modified" for outcome in outcomes),
        "failed": sum(outcome.status == "failed" for outcome in outcomes),
        "announcements": sum(isinstance(event, AnnouncementPublished) for event in events),
        "revised": sum(isinstance(event, AnnouncementRevised) for event in events),
        "events": len(events),
    }
