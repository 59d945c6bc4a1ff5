"""How moments are written: one form, UTC, sortable as text.

Pure: `now` is the one place that reads the clock, and only the edges may call it.
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def to_stamp(moment: datetime) -> str:
    """`2024-07-24T18:05:12.345678Z`. The moment must have a time zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_stamp(stamp: str) -> datetime:
    """The moment that `to_stamp` wrote."""
    return datetime.fromisoformat(stamp)
