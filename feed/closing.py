"""Closes the calls whose deadline has passed, by the clock, once each, whoever asks.

What is due is in the read model; that it is due still is looked at again in the transaction that writes. May
not read what a source says: that a call is declared closed, or was withdrawn, comes with a poll or a visit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from feed import endings
from storage import effects, log
from storage import endings as ended
from storage.clock import from_stamp
from storage.database import Database
from storage.endings import Passed
from storage.events import Event

LATE = timedelta(days=7)
"""What ended longer ago than this is no news, to no list and no feed: nobody watched the clock."""
SLICE = 200
"""So many calls are closed in one transaction."""


def close_passed(db: Database, moment: datetime) -> list[Event]:
    """Record that the calls are closed whose deadline has passed at `moment`; the events.

    Raises StorageError when the log cannot be written.
    """
    events: list[Event] = []
    while True:
        with db.read() as tx:
            if not ended.passed(tx, moment, limit=1):
                return events
        with db.write() as tx:
            closed = [_closed(one, moment) for one in ended.passed(tx, moment, limit=SLICE)]
            for recorded in log.append(tx, closed, moment):
                effects.apply(tx, recorded)
        events += closed


def _closed(one: Passed, moment: datetime) -> Event:
    """That it is closed; as backfill where it was over when it was first recorded, or is over for long."""
    long_ago = from_stamp(one.closes_at) < moment - LATE
    return endings.passed(one.subject, backfill=one.closes_at < one.recorded_at or long_ago)
