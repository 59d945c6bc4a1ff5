"""Linked pages that are still to be read: which, when, and what kept us from it.

Bookkeeping beside the log: losing it costs a page, never an announcement. May not decide when to try again:
the caller says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.clock import to_stamp
from storage.database import Tx


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that an announcement of a source links to. `next_visit` is a UTC stamp, `tries` how often it
    could not be read, `reason` why, in words."""

    announcement: str
    source: str
    url: str
    next_visit: str
    tries: int = 0
    reason: str | None = None

    @property
    def id(self) -> str:
        """What tells it apart."""
        return self.announcement


def plan(tx: Tx, visit: Visit) -> None:
    """The page is to be read at `visit.next_visit`, instead of any time that was planned before."""
    tx.execute(
        "INSERT INTO visits (announcement, source, url, next_visit, tries, reason) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (announcement) DO UPDATE SET source = excluded.source, url = excluded.url,"
        " next_visit = excluded.next_visit, tries = excluded.tries, reason = excluded.reason",
        (visit.announcement, visit.source, visit.url, visit.next_visit, visit.tries, visit.reason),
    )


def done(tx: Tx, announcement: str) -> None:
    """The page was read, or is given up."""
    tx.execute("DELETE FROM visits WHERE announcement = ?", (announcement,))


def due(
    tx: Tx, now: datetime, *, sources: Sequence[str], early: bool = False, limit: int = 100
) -> list[Visit]:
    """The pages of these sources that are due, longest due first; `early`: whatever their time."""
    rows = tx.execute(
        "SELECT * FROM visits WHERE (? OR next_visit <= ?)"
        " AND source IN (SELECT value FROM json_each(?)) ORDER BY next_visit, announcement LIMIT ?",
        (early, to_stamp(now), json.dumps(list(sources)), limit),
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
        "SELECT announcement FROM visits WHERE announcement IN (SELECT value FROM json_each(?))",
        (json.dumps(list(announcements)),),
    )
    return {row["announcement"] for row in rows.fetchall()}
