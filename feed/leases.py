"""Where we stand with a hub after what it did or failed to do, and what to ask of which.

Pure: no clock, no network, no database; times are parameters. The protocol itself is feed.websub.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from feed import hints, rhythm
from feed.websub import lease_seconds
from storage.clock import from_stamp, to_stamp
from storage.cursors import Cursor
from storage.hubs import Hub
from storage.plain import line, shorten

REASON_CHARACTERS = 200
SHORTEST_MARGIN = timedelta(minutes=2)
"""A lease is renewed when a tenth of it is left, so much at least, and a day at most."""
UNANSWERED_MINUTES = 60.0
"""So long a hub may take to verify what it was asked; then it is asked again, twice as late each time."""
BETWEEN_PUSHED_POLLS = timedelta(minutes=1)
"""However often a hub rings, its source is polled once in this time."""


def plan(
    named: Iterable[tuple[str, str, str]], known: Sequence[Hub], now: datetime
) -> tuple[list[Hub], list[Hub]]:
    """What to write down of the hubs, so that they are those that are `named` (source, hub, topic), and which
    to forget."""
    stamp, wanted = to_stamp(now), set(named)
    at_hand = {hub.key: hub for hub in known}
    changed = [Hub(*key, next_ask=stamp) for key in sorted(wanted) if key not in at_hand]
    forgotten = []
    for hub in known:
        over = hub.lease_until is None or hub.lease_until <= stamp
        if hub.key in wanted:
            if hub.state in ("leaving", "left"):
                changed.append(replace(Hub(*hub.key), next_ask=stamp))
        elif hub.state == "verified" and not over:
            changed.append(replace(hub, state="leaving", next_ask=stamp, tries=0, reason=None))
        elif over or hub.state not in ("leaving", "left"):
            forgotten.append(hub)
    return changed, forgotten


def asked(hub: Hub, now: datetime, *, signed: bool) -> Hub:
    """Where we stand when the hub is about to be asked. It may verify us before it answers."""
    again = rhythm.ever_later(UNANSWERED_MINUTES, hub.tries + 1, now)
    return replace(
        hub,
        state="wanted" if hub.state == "denied" else hub.state,
        signed=signed,
        asked_at=to_stamp(now),
        next_ask=to_stamp(again),
        tries=hub.tries + 1,
        reason=None,
    )


def refused(hub: Hub, reason: str, later: datetime | None, now: datetime) -> Hub:
    """Where we stand when the hub could not be asked, or would not listen (until `later`, if it says so)."""
    again = rhythm.after_failure(rhythm.DEFAULT_MINUTES, hub.tries, now)
    again = max(again, later) if later else again
    return replace(hub, next_ask=to_stamp(again), reason=shorten(line(reason), REASON_CHARACTERS))


def agrees(hub: Hub, mode: str, topic: str) -> bool:
    """Whether what the hub wants confirmed is what we asked of it [WebSub, 5.3]."""
    if topic != hub.topic or hub.asked_at is None:
        return False
    return hub.state in {"subscribe": ("wanted", "verified"), "unsubscribe": ("leaving", "left")}.get(
        mode, ()
    )


def may_deny(hub: Hub, topic: str) -> bool:
    """Whether a denial [WebSub, 5.2] is about what we asked, or had already."""
    return topic == hub.topic and hub.asked_at is not None and hub.state in ("wanted", "verified")


def verified(hub: Hub, seconds: str, now: datetime) -> Hub:
    """Where we stand once we have confirmed to the hub what we asked of it."""
    if hub.state in ("leaving", "left"):
        return replace(hub, state="left", next_ask=None, reason=None)
    lease = timedelta(seconds=lease_seconds(seconds))
    renewal = now + lease - min(max(lease / 10, SHORTEST_MARGIN), rhythm.DAY)
    return replace(
        hub,
        state="verified",
        verified_at=to_stamp(now),
        lease_until=to_stamp(now + lease),
        next_ask=to_stamp(renewal),
        tries=0,
        reason=None,
    )


def denied(hub: Hub, reason: str, now: datetime) -> Hub:
    """Where we stand once the hub has said no: it is asked again after a day."""
    words = f"the hub denies it: {line(reason)}" if reason else "the hub denies it"
    return replace(
        hub,
        state="denied",
        lease_until=None,
        next_ask=to_stamp(now + rhythm.DAY),
        tries=0,
        reason=shorten(words, REASON_CHARACTERS),
    )


def pushed(hub: Hub, cursor: Cursor, now: datetime, *, poll: bool) -> tuple[Hub, datetime | None]:
    """Where we stand with a hub that has just pushed; and, where a `poll` has to look at the source itself,
    from when on it is due."""
    hub = replace(hub, pushed_at=to_stamp(now), missed=False)
    if not poll:
        return hub, None
    under_way = cursor.lease_until is not None and cursor.lease_until > to_stamp(now)
    last = from_stamp(cursor.last_poll) if cursor.last_poll else now - BETWEEN_PUSHED_POLLS
    return replace(hub, owed=2 if under_way else max(hub.owed, 1)), max(now, last + BETWEEN_PUSHED_POLLS)


def after_poll(hub: Hub, before: Cursor, after: Cursor, new: int, now: datetime) -> tuple[Hub, Cursor]:
    """Where we stand after a poll that found `new` announcements: while its hub pushes, and misses nothing,
    the source is polled rarely."""
    if after.health not in ("ok", "held"):
        return hub, after
    surprised = bool(new) and not hub.owed and (before.last_poll or "") >= (hub.verified_at or "")
    owed, hub = hub.owed, replace(hub, missed=hub.missed or surprised, owed=max(hub.owed - 1, 0))
    due = after.next_poll or to_stamp(now)
    if hub.owed:  # what this poll was shown may be older than the push
        due = min(due, to_stamp(now + BETWEEN_PUSHED_POLLS))
    elif not owed and not hub.missed and hub.lease_until and hub.lease_until > to_stamp(now):
        pace = rhythm.slowed(after.pace or rhythm.DEFAULT_MINUTES)
        later = rhythm.after_success(after.source, pace, hints.from_text(after.hints), timedelta(0), now)
        due = max(due, to_stamp(later))
    return hub, replace(after, next_poll=due)
