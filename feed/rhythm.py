"""When to ask a source again.

Pure: no clock, no network, no database; times are parameters.
"""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DAY = timedelta(days=1)
FIRST_RETRY_MINUTES = 5.0
LONGEST_RETRY_AFTER = timedelta(days=7)
LEASE = timedelta(minutes=5)
"""How long a poll may hold its source: longer than any poll takes, shorter than anyone minds waiting."""


def after_success(source: str, interval_minutes: float, now: datetime) -> datetime:
    """The next poll of a healthy source: its interval, a tenth more or less so that hosts are not asked
    for all their feeds at once. The shift is the same each time, and differs from source to source."""
    shift = (zlib.crc32(source.encode()) % 2001 - 1000) / 10_000
    return now + timedelta(minutes=interval_minutes * (1 + shift))


def after_failure(interval_minutes: float, failures: int, now: datetime) -> datetime:
    """The next try after `failures` in a row: soon at first (a network may just be coming up), then twice
    as late each time, at most a day, and never given up."""
    factor: int = 2 ** min(failures - 1, 20)
    return now + min(timedelta(minutes=min(interval_minutes, FIRST_RETRY_MINUTES)) * factor, DAY)


def retry_after(header: str, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names (RFC 9110, section 10.2.3), capped at a week from `now`;
    None when it cannot be read."""
    if re.fullmatch(r"\s*[0-9]+\s*", header):
        return now + min(timedelta(seconds=int(header.strip()[:9])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(header)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(moment, now + LONGEST_RETRY_AFTER)
    except (ValueError, OverflowError):
        return None
