"""When to ask a source again, and how much news its past explains.

Pure: no clock, no network, no database; times are parameters.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feed.hints import Hints

DAY = timedelta(days=1)
DEFAULT_MINUTES = 30.0
"""Between the first polls of a source whose interval nobody set."""
FLOOR_MINUTES = 5.0
CEILING_MINUTES = 60.0
POLLS_A_PUBLICATION = 10
"""A source of which nobody said how often it is polled is polled so often between two announcements."""
BACKUP_FACTOR = 6
BACKUP_CEILING_MINUTES = 360.0
FIRST_RETRY_MINUTES = 5.0
LONGEST_RETRY_AFTER = timedelta(days=7)
HALF_LIFE = timedelta(days=3)
"""After this time an announcement counts half in how lively a source is."""
NEVER_HELD = 20
"""So many new entries at once are never too many."""
LEASE = timedelta(minutes=5)
"""How long a poll may hold its source: longer than any poll takes, shorter than anyone minds waiting."""


def lively(before: float, elapsed: timedelta, new: int) -> float:
    """How lively a source is: its announcements, each counted by half after every HALF_LIFE. `before` is what
    that was `elapsed` ago, `new` what came since."""
    return before * float(0.5 ** (max(elapsed, timedelta(0)) / HALF_LIFE)) + new


def lively_at_first(published: Iterable[str | None], now: datetime) -> float:
    """How lively a source looks from the dates (ISO 8601) of what it shows at its first poll."""
    total = 0.0
    for text in published:
        moment = datetime.fromisoformat(text) if text else None
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            total += lively(1, now - moment, 0)
    return total


def minutes_apart(liveliness: float) -> float:
    """The minutes between two announcements, on average; infinite for a source that never has any."""
    return HALF_LIFE / timedelta(minutes=1) / (math.log(2) * liveliness) if liveliness > 0 else math.inf


def explained(liveliness: float, largest: int, elapsed: timedelta) -> int:
    """How many new entries a source's past explains: twice the most that it ever had at once, or three times
    what it publishes in the time that has passed, and NEVER_HELD at least."""
    expected = elapsed / timedelta(minutes=1) / minutes_apart(liveliness)
    return max(NEVER_HELD, 2 * largest, math.ceil(3 * expected))


def pace(interval_minutes: float | None, before: float | None, liveliness: float, *, gap: bool) -> float:
    """The minutes between two polls from now on. An interval that the operator set is kept; else the source's
    own rhythm counts, between floor and ceiling. A `gap` between two polls halves the time, down to the
    floor; without one it grows back, at once where the operator has said what to."""
    aim = interval_minutes
    if aim is None:
        aim = min(max(minutes_apart(liveliness) / POLLS_A_PUBLICATION, FLOOR_MINUTES), CEILING_MINUTES)
    before = before or interval_minutes or DEFAULT_MINUTES
    if gap:
        return max(before / 2, min(FLOOR_MINUTES, aim))
    return aim if interval_minutes else min(aim, before * 1.25)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long an answer stays fresh: `max-age` less `Age`, else `Expires` (RFC 9111, 4.2.1)."""
    control = headers.get("cache-control", "").lower()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return timedelta(0)
    if found := re.search(r"\bmax-age\s*=\s*\"?([0-9]{1,9})", control):
        age = headers.get("age", "").strip()
        return timedelta(seconds=max(0, int(found[1]) - (int(age) if re.fullmatch("[0-9]{1,9}", age) else 0)))
    expires = _date(headers.get("expires", ""))
    return max(expires - (_date(headers.get("date", "")) or now), timedelta(0)) if expires else timedelta(0)


def after_success(
    source: str, pace_minutes: float, hints: Hints, fresh: timedelta, now: datetime
) -> datetime:
    """The next poll of a healthy source: behind its pace, what the feed asks for itself and the freshness of
    the answer, but these count for a day at most; not in the hours and on the days that it wants to be left
    alone. Up to a tenth later, so that hosts are not asked for all their feeds at once: as much later each
    time, and differing from source to source."""
    asked = min(max(timedelta(minutes=hints.minutes), fresh), DAY)
    wait = max(timedelta(minutes=pace_minutes), asked)
    shift = zlib.crc32(source.encode()) % 1001 / 10_000
    return _allowed(now + wait * (1 + shift), hints)


def _allowed(moment: datetime, hints: Hints) -> datetime:
    """The first moment from this one on in which the feed wants to be asked."""
    for _ in range(7 * 24):
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment


def slowed(pace_minutes: float) -> float:
    """The minutes between two polls of a source whose hub pushes: polls are the back-up."""
    return max(pace_minutes, min(BACKUP_FACTOR * pace_minutes, BACKUP_CEILING_MINUTES))


def after_failure(interval_minutes: float, failures: int, now: datetime) -> datetime:
    """The next try after `failures` in a row: soon at first (a network may just be coming up), then twice
    as late each time, at most a day, and never given up."""
    return ever_later(min(interval_minutes, FIRST_RETRY_MINUTES), failures, now)


def ever_later(minutes: float, times: int, now: datetime) -> datetime:
    """So many minutes from now the first time, then twice as late each time, at most a day."""
    factor: int = 2 ** min(times - 1, 20)
    return now + min(timedelta(minutes=minutes) * factor, DAY)


def retry_after(header: str, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names (RFC 9110, section 10.2.3), capped at a week from `now`;
    None when it cannot be read."""
    if re.fullmatch(r"\s*[0-9]+\s*", header):
        return now + min(timedelta(seconds=int(header.strip()[:9])), LONGEST_RETRY_AFTER)
    moment = _date(header)
    return min(moment, now + LONGEST_RETRY_AFTER) if moment else None


def _date(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
