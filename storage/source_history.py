"""What the log tells of the sources themselves: what happened to them, and how much they announced.

Reads only. May not judge how a source is doing: that is its cursor's (storage.cursors).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from storage.clock import to_stamp
from storage.database import Tx
from storage.log import Recorded

WEEKS = 12
"""So many weeks back goes what is told of a source's rhythm."""

_OF_SOURCES = (
    "type IN ('SourceFailing', 'SourceRecovered', 'SourceMoved', 'SourceEnded', 'SourceGap', 'SourceHeld',"
    " 'SourceReleased')"
)
"""As it stands in the index events_of_sources."""


def newest(tx: Tx, limit: int = 50) -> list[Recorded]:
    """The last events about sources themselves, newest first."""
    rows = tx.execute(
        "SELECT * FROM events WHERE position IN"
        # The plus keeps SQLite from reading the whole log backwards for the few events that count.
        f" (SELECT position FROM events WHERE {_OF_SOURCES} ORDER BY +position DESC LIMIT ?)"
        " ORDER BY position DESC",
        (limit,),
    )
    return [Recorded(**dict(row)) for row in rows]


def latest(tx: Tx, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, str]]:
    """The last event of each (source, type) that is asked for, as its position and when it was recorded."""
    wanted = json.dumps([[f"source/{source}", type_name] for source, type_name in asked])
    rows = tx.execute(
        "SELECT e.stream, e.type, e.position, e.recorded_at FROM events e WHERE e.position IN"
        " (SELECT (SELECT MAX(position) FROM events"
        "   WHERE stream = json_extract(value, '$[0]') AND type = json_extract(value, '$[1]')"
        f"  AND {_OF_SOURCES}) FROM json_each(?))",
        (wanted,),
    )
    return {
        (row["stream"].removeprefix("source/"), row["type"]): (row["position"], row["recorded_at"])
        for row in rows
    }


def weekly(tx: Tx, now: datetime) -> dict[str, list[int]]:
    """How many announcements each source published in each of the last WEEKS weeks, the week that ends today
    last. Sources without any are left out."""
    today = to_stamp(now)[:10]
    begin = to_stamp(now - timedelta(weeks=WEEKS))[:10]
    found: dict[str, list[int]] = {}
    rows = tx.execute(
        "SELECT source, CAST((julianday(?) - julianday(day)) / 7 AS INTEGER) AS ago, COUNT(*) AS n"
        " FROM announcements WHERE day > ? AND day <= ? GROUP BY source, ago",
        (today, begin, today),
    )
    for row in rows:
        found.setdefault(row["source"], [0] * WEEKS)[WEEKS - 1 - row["ago"]] = row["n"]
    return found
