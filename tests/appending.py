"""Small events for tests of the log itself, and how they come into it."""

from __future__ import annotations

from datetime import UTC, datetime

from storage import log
from storage.database import Database
from storage.events import Event, SourceFailing

NOW = datetime(2024, 7, 24, 18, 5, 12, 345678, tzinfo=UTC)


def failing(source: str = "a", reason: str = "no answer") -> SourceFailing:
    return SourceFailing(source=source, reason=reason)


def append(database: Database, *new: Event) -> list[log.Recorded]:
    """Append the events without their effects."""
    with database.write() as tx:
        return log.append(tx, new, NOW)
