"""How announcements and calls ended, as the log says, and which calls end now.

Reads only. May not decide what an ending means: that is feed.endings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.catalogue import read_subject
from storage.clock import to_stamp
from storage.database import Tx
from storage.filters import Subject


@dataclass(frozen=True, slots=True)
class Ending:
    """By which `rule` an announcement was withdrawn, or a call closed ('': the log does not say), and when
    that was recorded (a UTC stamp)."""

    rule: str
    recorded_at: str


def withdrawn(tx: Tx, announcements: Sequence[str]) -> dict[str, Ending]:
    """How those of the announcements that are withdrawn were, by id."""
    return _endings(tx, "announcements", "withdrawn", announcements)


def closed(tx: Tx, subjects: Sequence[str]) -> dict[str, Ending]:
    """How those of the calls that are closed were, by id."""
    return _endings(tx, "subjects", "closed", subjects)


def _endings(tx: Tx, table: str, column: str, keys: Sequence[str]) -> dict[str, Ending]:
    rows = tx.execute(
        "SELECT t.id, e.recorded_at, json_extract(e.data, '$.evidence[0].rule') AS rule"
        f" FROM {table} t JOIN events e ON e.position = t.{column}"
        " WHERE t.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    return {row["id"]: Ending(row["rule"] or "", row["recorded_at"]) for row in rows.fetchall()}


def last_revised(tx: Tx, announcements: Sequence[str]) -> dict[str, str]:
    """When the last revision of each of the announcements was recorded (a UTC stamp), by id."""
    rows = tx.execute(
        "SELECT a.id, e.recorded_at FROM announcements a JOIN events e ON e.position = a.revised"
        " WHERE a.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(announcements)),),
    )
    return {row["id"]: row["recorded_at"] for row in rows.fetchall()}


@dataclass(frozen=True, slots=True)
class Passed:
    """An open call whose deadline passed at `closes_at`; `recorded_at` is when it was announced. Both are
    UTC stamps."""

    subject: Subject
    closes_at: str
    recorded_at: str


def passed(tx: Tx, now: datetime, *, limit: int) -> list[Passed]:
    """The open calls whose deadline has passed at `now`, the earliest first; what is held, too."""
    rows = tx.execute(
        "SELECT s.*, e.recorded_at FROM subjects s JOIN events e ON e.position = s.announced"
        # The first two as in the index subjects_closes.
        " WHERE s.closes_at IS NOT NULL AND s.closed IS NULL AND s.closes_at < ?"
        " AND s.kind = 'call' AND s.retracted IS NULL ORDER BY s.closes_at, s.announced LIMIT ?",
        (to_stamp(now), limit),
    )
    return [Passed(read_subject(row), row["closes_at"], row["recorded_at"]) for row in rows.fetchall()]
