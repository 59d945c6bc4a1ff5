"""Where we stand with a source after a poll: its cursor, and what is worth an event in its change.

Pure: no clock, no network, no database; times are parameters.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from feed import hints, rhythm
from feed.decide import Decision
from feed.errors import SourceBusy, SourceError, SourceGone
from feed.links import public
from feed.parse import Feed
from feed.question import Response
from feed.source import Source
from storage.clock import from_stamp, to_stamp
from storage.cursors import Cursor
from storage.encoding import digest
from storage.events import (
    Event,
    SourceEnded,
    SourceFailing,
    SourceGap,
    SourceHeld,
    SourceMoved,
    SourceRecovered,
)
from storage.plain import line, shorten

POLLS_TO_MOVE = 3
"""So many polls in a row must have met a permanent redirect before its target is polled instead."""

REASON_CHARACTERS = 500
"""A reason may hold what a server said: it is kept to one line of so many characters."""

_PAGES = " linked pages change at every visit: only changed facts are told"
_NOTHING = Decision()


def explained(cursor: Cursor, moment: datetime) -> int:
    """How many new entries the source's past explains at this poll."""
    return rhythm.explained(cursor.lively, cursor.largest, _elapsed(cursor, moment))


def after_answer(
    source: Source,
    cursor: Cursor,
    response: Response,
    moment: datetime,
    feed: Feed | None = None,
    decision: Decision = _NOTHING,
    *,
    strange: bool = False,
    pages: int = 0,
) -> Cursor:
    """Where we stand after an answer. `feed` None is an unchanged one; `strange` says that the feed shows
    nothing that this source ever showed before, `pages` how many linked pages change at every visit."""
    stamp = to_stamp(moment)
    said = feed.hints if feed and feed.hints is not None else hints.from_text(cursor.hints)
    said = hints.located(said, response.headers.get("link", ""), response.url)
    gap = strange and cursor.last_success is not None and cursor.seen > 0
    lively = _lively(cursor, moment, feed, decision)
    pace = rhythm.pace(source.interval_minutes, cursor.pace, lively, gap=gap)
    fresh = rhythm.freshness(response.headers, moment)
    held = cursor.held + decision.held
    told = 0 if decision.held or cursor.last_success is None else decision.new
    after = replace(
        cursor,
        health="held" if held else "ok",
        reason=_reason(source, cursor, held, feed, decision, pages),
        failures=0,
        etag=response.etag or (cursor.etag if response.body is None else None),
        last_modified=response.last_modified or (cursor.last_modified if response.body is None else None),
        last_poll=stamp,
        # While nothing was seen whole, what comes is still what the source showed at first: backfill.
        # One that breaks off again and again will not get better.
        last_success=stamp if feed is None or feed.whole or cursor.health == "ok" else cursor.last_success,
        next_poll=to_stamp(rhythm.after_success(source.id, pace, said, fresh, moment)),
        not_before=None,
        new=cursor.new + decision.new,
        pace=pace,
        lively=lively,
        largest=max(cursor.largest, told),
        held=held,
        gap=int(gap),
        hints=said.to_text(),
        **_moved(source, cursor, response),
    )
    if feed is None or response.body is None:
        return after
    if not feed.whole:
        # 'Not modified' must not keep us from the rest.
        return replace(after, etag=None, last_modified=None, body=None, seen=feed.seen, marks="")
    return replace(after, body=digest(response.body), seen=feed.seen, marks=" ".join(feed.marks))


def after_failure(source: Source, cursor: Cursor, error: SourceError, moment: datetime) -> Cursor:
    """Where we stand after a poll that failed."""
    failures = cursor.failures + 1
    later = rhythm.retry_after(error.retry_after, moment) if isinstance(error, SourceBusy) else None
    interval = source.interval_minutes or rhythm.DEFAULT_MINUTES
    next_poll = rhythm.after_failure(interval, failures, moment)
    return replace(
        cursor,
        health="ended" if isinstance(error, SourceGone) else "failing",
        reason=shorten(line(str(error)), REASON_CHARACTERS),
        failures=failures,
        last_poll=to_stamp(moment),
        next_poll=to_stamp(max(next_poll, later) if later else next_poll),
        not_before=to_stamp(later) if later else None,
        # Redirects count when they are met in a row; and where a new address fails, the old one may not.
        moved_to=None,
        moved_times=0,
        adopted=None,
    )


def transition(before: Cursor, after: Cursor, decision: Decision) -> tuple[Event, ...]:
    """The events of a change of health, address or rhythm; a source that goes on as before makes none."""
    source = after.source
    events: list[Event] = []
    if after.adopted and after.adopted != before.adopted:
        url, old = public(after.adopted), public(before.adopted or before.url)
        events.append(SourceMoved(source=source, url=url, before=old))
    if after.health in ("ok", "held") and before.health == "failing":
        events.append(SourceRecovered(source=source))
    if after.gap and not before.gap:
        events.append(SourceGap(source=source))
    if after.held and not before.held:
        explains = explained(before, from_stamp(after.last_poll or ""))
        reason = after.reason or ""
        events.append(SourceHeld(source=source, count=decision.held, explained=explains, reason=reason))
    if after.health != before.health and after.health == "failing":
        events.append(SourceFailing(source=source, reason=after.reason or ""))
    if after.health != before.health and after.health == "ended":
        events.append(SourceEnded(source=source, reason=after.reason or ""))
    return tuple(events)


def _elapsed(cursor: Cursor, moment: datetime) -> timedelta:
    return moment - from_stamp(cursor.last_success) if cursor.last_success else timedelta(0)


def _lively(cursor: Cursor, moment: datetime, feed: Feed | None, decision: Decision) -> float:
    if cursor.last_success is None:
        return rhythm.lively_at_first([entry.published_at for entry in feed.entries] if feed else [], moment)
    new = 0 if decision.held else decision.new
    elapsed = moment - from_stamp(cursor.last_poll) if cursor.last_poll else timedelta(0)
    return rhythm.lively(cursor.lively, elapsed, new)


def _reason(
    source: Source, cursor: Cursor, held: int, feed: Feed | None, decision: Decision, pages: int
) -> str | None:
    """What the operator should know of a source that answers, in words."""
    words = []
    if held:
        words.append(
            f"{held} new entries are held back, more at once than its past explains; "
            f"`communique sources release {source.id}` tells them"
        )
    if feed is None and cursor.health in ("ok", "held") and cursor.held == held:
        words = [part for part in (cursor.reason or "").split("; ") if part and not part.endswith(_PAGES)]
    if feed and feed.note:
        words.append(shorten(line(feed.note), REASON_CHARACTERS))
    if decision.restless:
        words.append(f"{decision.restless} entries change at every poll: only changed facts are told")
    if pages:
        words.append(f"{pages}{_PAGES}")
    return "; ".join(words) or None


def _moved(source: Source, cursor: Cursor, response: Response) -> dict[str, Any]:
    """What a permanent redirect changes: an address that POLLS_TO_MOVE polls in a row met is adopted; not for
    a source with a password, which goes where the operator says."""
    if not response.moved or source.url != source.public_url:
        return {"moved_to": None, "moved_times": 0}
    times = cursor.moved_times + 1 if cursor.moved_to == response.url else 1
    if times < POLLS_TO_MOVE:
        return {"moved_to": response.url, "moved_times": times}
    return {"moved_to": None, "moved_times": 0, "adopted": response.url}
