"""When a delivery is due, and when to try again.

Pure: no clock, no network, no database; times are parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DIGEST_HOUR = 7
"""Digests leave at this hour, UTC."""

GIVE_UP_AFTER = timedelta(days=3)
LEASE = timedelta(minutes=5)
"""How long a sender may hold a batch: longer than a mail server takes to answer."""


def due(cadence: str, now: datetime) -> datetime:
    """When an event that is matched at `now` is due: at once, or with the next digest. A digest is a due
    time and not a window: what is matched late is due with the next one."""
    if cadence == "immediate":
        return now
    moment = now.astimezone(UTC).replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    days = (7 - moment.weekday()) % 7 if cadence == "weekly" else 0
    moment += timedelta(days=days)
    return moment if moment > now else moment + timedelta(days=7 if cadence == "weekly" else 1)


def retry(attempts: int, tried_at: datetime, now: datetime) -> datetime | None:
    """The next try after `attempts` that failed for now: after 5 minutes, then three times as late each
    time, at most 6 hours; None three days after the first try (RFC 5321, section 4.5.4.1, asks for 4 to
    5 days of a relay; a deadline does not wait that long)."""
    if now - tried_at >= GIVE_UP_AFTER:
        return None
    factor: int = 3 ** min(attempts - 1, 10)
    return now + min(timedelta(minutes=5) * factor, timedelta(hours=6))
