"""Linked pages that are to be read, for the first time or once more: which, when, and what came of it.

Bookkeeping beside the log: losing it costs a page, never an announcement. May not decide when to look again:
the caller says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from storage.clock import to_stamp
from storage.database import Tx

READ, AGAIN, OVER = "read", "again", "over"
"""A page that is still to be read, one that is looked at once more, one that no more is asked of."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that an announcement of a source links to. `next_visit` is a UTC stamp, `tries` how often in a
    row it could not be read, `reason` why, in words. `visited` (a UTC stamp) is when it was read last,
    `etag` and `last_modified` what the server said of it then, `said` the digest of what it said itself, but
    for noise; `missing` visits since found nothing there (404, 410), the first of them at `missing_since`;
    `streak` visits in a row found it changed."""

    announcement: str
    source: str
    url: str
    next_visit: str
    tries: int = 0
    reason: str | None = None
    kind: str = READ
    visited: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    said: str | None = None
    missing: int = 0
    missing_since: str | None = None
    streak: int = 0

    @property
    def id(self) -> str:
        """What tells it apart."""
        return self.announcement


_COLUMNS = tuple(field.name for field in fields(Visit))


def plan(tx: Tx, visit: Visit) -> None:
    """The page is to be read at `visit.next_visit`, instead of any time that was planned before."""
    columns, marks = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
    tx.execute(
        f"INSERT INTO visits ({columns}) VALUES ({marks}) ON CONFLICT (announcement) DO UPDATE SET {changes}",
        tuple(getattr(visit, name) for name in _COLUMNS),
    )


def get(tx: Tx, announcement: str) -> Visit | None:
    """What is planned for the page of an announcement, or None."""
    row = tx.execute("SELECT * FROM visits WHERE announcement = ?", (announcement,)).fetchone()
    return Visit(**dict(row)) if row else None


def done(tx: Tx, announcement: str) -> None:
    """Nothing is to be read."""
    tx.execute("DELETE FROM visits WHERE announcement = ?", (announcement,))


def due(
    tx: Tx, now: datetime, *, sources: Sequence[str], early: bool = False, limit: int = 100
) -> list[Visit]:
    """The pages of these sources that are due, those that were never read first, then longest due first.
    `early`: those that are still to be read whatever their time."""
    rows = tx.execute(
        f"SELECT * FROM visits WHERE kind <> '{OVER}' AND (next_visit <= ? OR ? AND kind = '{READ}')"
        " AND source IN (SELECT value FROM json_each(?))"
        f" ORDER BY kind <> '{READ}', next_visit, announcement LIMIT ?",
        (to_stamp(now), early, json.dumps(list(sources)), limit),
    )
    return [Visit(**dict(row)) for row in rows.fetchall()]


def claim(tx: Tx, visit: Visit, until: datetime) -> bool:
    """Take the page for ourselves until `until`; False when somebody else has it, or has read it."""
    return bool(
        tx.execute(
            "UPDATE visits SET next_visit = ? WHERE announcement = ? AND next_visit = ?",
            (to_stamp(until), visit.announcement, visit.next_visit),
        ).rowcount
    )


def planned(tx: Tx, announcements: Sequence[str]) -> set[str]:
    """Those of the announcements whose page is still to be read."""
    rows = tx.execute(
        f"SELECT announcement FROM visits WHERE kind = '{READ}'"
        " AND announcement IN (SELECT value FROM json_each(?))",
        (json.dumps(list(announcements)),),
    )
    return {row["announcement"] for row in rows.fetchall()}


def restless(tx: Tx, source: str, streak: int) -> int:
    """How many pages of a source changed at more visits in a row than `streak`."""
    row = tx.execute(
        "SELECT COUNT(*) AS count FROM visits WHERE source = ? AND streak > ?", (source, streak)
    ).fetchone()
    return int(row["count"])


def unplanned(
    tx: Tx, now: datetime, *, sources: Sequence[str], since: datetime, limit: int
) -> list[tuple[str, str]]:
    """The announcements (id and source) of open calls of these sources for whose page nothing is planned;
    without a deadline, those that were published since `since`."""
    rows = tx.execute(
        "SELECT DISTINCT a.id, a.source FROM subjects s JOIN announcements a ON a.id = s.announcement"
        " WHERE s.kind = 'call' AND s.closed IS NULL AND s.retracted IS NULL AND a.url <> ''"
        " AND (s.closes_at >= ? OR s.closes_at IS NULL AND a.day >= ?)"
        " AND a.source IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.announcement = a.id) LIMIT ?",
        (to_stamp(now), to_stamp(since)[:10], json.dumps(list(sources)), limit),
    )
    return [(row["id"], row["source"]) for row in rows.fetchall()]
