"""Linked pages that are read later, and those of open calls, which are read again.

A page is read with the poll that shows its announcement, so that what is told is told with all its facts.
What cannot be had then is read later; what it adds then is a change, never a second announcement. May not
decide what a page means, and holds no transaction open while it asks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from feed import diff, endings, later, revisits, rhythm
from feed.errors import AddressRefused, BotWall, NotAPage, SourceBusy, SourceError, SourceGone
from feed.linked import Page
from feed.noise import essence
from feed.revisits import Course
from feed.source import Source
from feed.visitor import Look, Seen, Visitor
from storage import catalogue, effects, filters, log, visits
from storage import endings as ended
from storage.clock import from_stamp, now, to_stamp
from storage.database import Database, Tx
from storage.encoding import digest
from storage.events import Event
from storage.plain import joined
from storage.visits import AGAIN, OVER, READ, Visit

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=5)
RETRIES = (5, 30, 120, 480, 1440, 1440, 2880)
"""Minutes until a page that could not be read is tried again; after the last it is given up, unless it is
that of an open call."""
MOST = 500
"""So many pages of which nothing is known are planned at a time."""


def note(tx: Tx, source: Source, changes: Sequence[diff.Change], seen: Seen, moment: datetime) -> None:
    """Plan what comes after a poll for the pages of what has changed: those that were read are looked at
    again, where they are of open calls; the others are still to be read, also where another source told the
    announcement. To be called when the poll's events are recorded."""
    told = [change.announcement for change in changes if isinstance(change, diff.Known)]
    settled = {*catalogue.pages(tx, told), *visits.planned(tx, told)} if told else set()
    for change in changes:
        entry, key = change.entry, change.announcement
        if key in settled:
            continue
        if not entry.url:
            visits.done(tx, key)
            continue
        known = visits.get(tx, key)
        if known is None or known.url != entry.url:  # what is known of another address tells nothing of this
            known = Visit(key, source.id, entry.url, to_stamp(moment))
        known = replace(known, source=source.id, kind=READ, next_visit=to_stamp(moment), tries=0)
        if look := seen.looks.get(entry):
            _again(tx, _looked(known, look, moment), moment)
        elif error := seen.failures.get(entry):
            _put_off(tx, known, error, moment)
        else:
            visits.plan(tx, known)


def due(db: Database, sources: Mapping[str, Source], *, early: bool = False, limit: int = 100) -> list[Visit]:
    """The pages that are due at these sources; `early`: what is still to be read, whatever its time."""
    with db.read() as tx:
        return visits.due(tx, now(), sources=_reading(sources), early=early, limit=limit)


def read_later(db: Database, visitor: Visitor, source: Source, visit: Visit) -> tuple[Event, ...]:
    """Look at a page that was due, and record what it adds to its announcement; what that comes to.

    Raises StorageError when the log cannot be written.
    """
    with db.write(durable=False) as tx:
        taken = now() + CLAIM
        if not visits.claim(tx, visit, taken):
            return ()
    mine = replace(visit, next_visit=to_stamp(taken))
    try:
        look = visitor.look(visit.url, source, etag=visit.etag, last_modified=visit.last_modified)
    except Exception as error:
        if not isinstance(error, SourceError):  # a bug that one page brings to light
            logger.exception("page %s: unexpected error", visit.url)
            error = SourceError(f"unexpected error: {error!r}")
        with db.write() as tx:
            return _failed(tx, source, mine, error, now()) if visits.claim(tx, mine, taken) else ()
    with db.write() as tx:
        if not visits.claim(tx, mine, taken):
            return ()  # it took too long: somebody else has it
        moment = now()
        after = _looked(mine, look, moment)
        events = _add(tx, source, mine.said, after, look.page, moment)
        _again(tx, after, moment)
    return events


def plan_unplanned(db: Database, sources: Mapping[str, Source], moment: datetime) -> int:
    """Plan visits for the pages of open calls for which none is planned: they were recorded before there were
    revisits, or before the source's `pages` was on; how many."""
    since = moment - revisits.HALF_A_YEAR
    with db.read() as tx:
        found = visits.unplanned(tx, moment, sources=_reading(sources), since=since, limit=MOST)
    if not found:
        return 0
    planned = 0
    with db.write(durable=False) as tx:
        for key, source in found:
            announcement = catalogue.announcement(tx, key)
            course = _course(tx, announcement) if announcement else None
            at = revisits.first_visit(key, course, moment) if course else None
            if announcement and at and visits.get(tx, key) is None:
                visits.plan(tx, Visit(key, source, announcement.url, to_stamp(at), kind=AGAIN))
                planned += 1
    return planned


def _reading(sources: Mapping[str, Source]) -> list[str]:
    return [key for key, source in sources.items() if source.pages]


def _looked(visit: Visit, look: Look, moment: datetime) -> Visit:
    """The visit after a look that went well."""
    after = replace(
        visit,
        tries=0,
        reason=None,
        visited=to_stamp(moment),
        etag=look.etag,
        last_modified=look.last_modified,
        missing=0,
        missing_since=None,
    )
    if look.page is None:
        return replace(after, streak=0)
    said = digest(essence(look.page.text).encode())
    return replace(after, said=said, streak=visit.streak + 1 if visit.said not in (None, said) else 0)


def _again(tx: Tx, visit: Visit, moment: datetime) -> None:
    """Plan the next look at a page, where it is that of a call that is open, or was until lately."""
    announcement = catalogue.announcement(tx, visit.announcement)
    course = _course(tx, announcement) if announcement else None
    at = revisits.next_visit(visit.announcement, course, moment) if course else None
    if at is None:
        visits.done(tx, visit.announcement)
    else:
        visits.plan(tx, replace(visit, kind=AGAIN, next_visit=to_stamp(at)))


def _course(tx: Tx, announcement: catalogue.Announcement) -> Course | None:
    """Where an announcement with calls stands; None where it told of none."""
    told = catalogue.told(tx, [announcement.id]).get(announcement.id, [])
    calls = [one.subject for one in told if one.subject.kind == "call" and not one.subject.retracted]
    if not calls:
        return None
    opened = [call for call in calls if not call.closed]
    deadlines = [filters.last_moment(call.closes, call.zone) for call in opened or calls if call.closes]
    next_or_last = min if opened else max
    closed = [from_stamp(one.recorded_at) for one in ended.closed(tx, [call.id for call in calls]).values()]
    return Course(
        published=datetime.combine(date.fromisoformat(announcement.day), datetime.min.time(), UTC),
        deadline=next_or_last(deadlines, default=None),
        closed=None if opened else max(closed, default=None),
        withdrawn=announcement.withdrawn is not None,
    )


def _put_off(tx: Tx, visit: Visit, error: SourceError, moment: datetime) -> None:
    """Plan the next try after a failure. What never was a page, or was gone before it was read, is over; a
    page that was never read is given up after some tries, one that is looked at again has its usual next time
    at the latest."""
    never_read = visit.visited is None and not (visit.kind == AGAIN and _has_page(tx, visit.announcement))
    if never_read and (isinstance(error, NotAPage) or (isinstance(error, SourceGone) and visit.kind == READ)):
        visits.plan(tx, replace(visit, kind=OVER, reason=_reason(error)))
        return
    tries = min(visit.tries + (visit.kind == AGAIN), len(RETRIES) - 1)
    at = moment + timedelta(minutes=RETRIES[tries])
    if isinstance(error, SourceBusy) and (asked := rhythm.retry_after(error.retry_after, moment)):
        at = max(at, asked)
    elif isinstance(error, BotWall | AddressRefused):
        at = moment + timedelta(days=1)
    elif visit.missing:
        at = max(at, moment + revisits.MISSING)
    after = replace(visit, next_visit=to_stamp(at), tries=visit.tries + 1, reason=_reason(error))
    if visit.kind == READ and visit.tries < len(RETRIES):
        visits.plan(tx, after)
        return
    _again(tx, after, moment)
    if planned := visits.get(tx, visit.announcement):
        asked_to_wait = isinstance(error, SourceBusy | BotWall | AddressRefused)
        at_last = visit.tries >= len(RETRIES)
        stamp = max(planned.next_visit, after.next_visit) if asked_to_wait else planned.next_visit
        visits.plan(tx, replace(planned, next_visit=stamp if at_last else min(stamp, after.next_visit)))


def _has_page(tx: Tx, key: str) -> bool:
    announcement = catalogue.announcement(tx, key)
    return announcement is not None and announcement.page is not None


def _reason(error: SourceError) -> str:
    return str(error)[:500]


def _failed(tx: Tx, source: Source, visit: Visit, error: SourceError, moment: datetime) -> tuple[Event, ...]:
    """What a look comes to that failed: nothing, unless the page was not there so often, and for so long,
    that it is gone."""
    events: tuple[Event, ...] = ()
    if error.status in (404, 410) and type(error) in (SourceError, SourceGone):
        since = visit.missing_since or to_stamp(moment)
        # What the server said of the page that was there tells nothing of one that comes back.
        visit = replace(visit, missing=visit.missing + 1, missing_since=since, etag=None, last_modified=None)
        long_ago = moment - from_stamp(since) >= revisits.GONE_AFTER
        if visit.missing >= revisits.GONE_VISITS and long_ago:
            quote = endings.missing(visit.url, error.status, visit.missing, since, moment)
            if known := _known(tx, visit.announcement, moment):
                events = later.gone(source, known, quote, moment)
                _record(tx, events, moment)
                if events or known.withdrawn:
                    _again(tx, replace(visit, reason=_reason(error)), moment)
                    return events
    _put_off(tx, visit, error, moment)
    return events


def _known(tx: Tx, key: str, moment: datetime) -> later.Known | None:
    announcement = catalogue.announcement(tx, key)
    if announcement is None:
        return None
    text = log.text(tx, announcement.text) if announcement.text else None
    before = log.text(tx, announcement.page) if announcement.page else None
    told = catalogue.told(tx, [key]).get(key, [])
    return later.Known(
        announcement,
        joined(announcement.summary, text or ""),
        Page(text=before, published_at=announcement.published_at) if before is not None else None,
        told,
        not announcement.backfill and announcement.day >= (moment - later.FRESH).date().isoformat(),
        ended.withdrawn(tx, [key]).get(key),
        ended.closed(tx, [one.subject.id for one in told if one.subject.closed]),
    )


def _add(
    tx: Tx, source: Source, said: str | None, visit: Visit, page: Page | None, moment: datetime
) -> tuple[Event, ...]:
    """Record what the page adds; `said` is the digest of what it said before."""
    known = _known(tx, visit.announcement, moment)
    if known is None or page is None:
        return ()
    if known.page is None and visit.said == said:
        return ()  # it was read before, and taken out of the log
    found = later.reading(source, known, page)
    since = log.first_since(tx, moment - later.WINDOW)
    rivals = {
        name: catalogue.rivals(tx, facts.kind, facts.title, source.id, since)
        for name, facts in found.now.items()
        if name not in known.keys
    }
    events = later.decide(source, known, page, found, rivals, moment, streak=visit.streak)
    if events:
        log.keep_text(tx, page.text)
    _record(tx, events, moment)
    return events


def _record(tx: Tx, events: Sequence[Event], moment: datetime) -> None:
    for recorded in log.append(tx, events, moment):
        effects.apply(tx, recorded)
