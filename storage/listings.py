"""What a filter finds, newest first, and what stands on the front page beside it.

Reads only. Takes as long for a log of years as for one of weeks: what fits is found from the end of the log,
by the shortest list that the filter names. Means what `storage.filters.matches` means, for many rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from storage import log
from storage.catalogue import FACETS, Entry, read_entry, read_subject
from storage.clock import to_stamp
from storage.database import Tx
from storage.filters import Filter, Subject, horizon

SHORT = 2_000
"""A list of fewer positions is gone through as a whole; where all are longer, what fits is dense enough to be
found by looking at one event after the other."""
_FOUND = "SELECT rowid FROM subjects_search WHERE subjects_search MATCH ?"


@dataclass(frozen=True, slots=True)
class _Condition:
    """A part of a filter as SQL: `test` says of one event `e` of a subject `s` whether it fits, `listed` (or
    None) lists the positions of all events that do. Both take the same `params`."""

    test: str
    listed: str | None
    params: Sequence[Any] = ()


def entries(
    tx: Tx, wanted: Filter, now: datetime, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The newest events of the subjects that are wanted, newest first; with `before`, those in front of
    that position. What is held is left out."""
    conditions = list(_conditions(tx, wanted, now))
    if wanted.q:
        conditions.append(_Condition(f"e.position IN ({_FOUND})", _FOUND, (_phrase(wanted.q),)))
    # CROSS JOIN keeps an order: events of subjects from the end on, then the subject of each.
    start, first = "subject_events e", "e.position"
    if shortest := _shortest(tx, conditions):
        conditions.append(_Condition(f"e.position IN ({shortest.listed})", None, shortest.params))
    elif wanted.q:  # full-text search knows an order of its own: that of the log
        start, first = "subjects_search q CROSS JOIN subject_events e", "q.rowid"
        conditions[-1] = _Condition(
            "q.subjects_search MATCH ? AND e.position = q.rowid", None, conditions[-1].params
        )
    if before is not None:
        conditions.append(_Condition(f"{first} < ?", None, (before,)))
    tests = "".join(f" AND {condition.test}" for condition in conditions)
    rows = tx.execute(
        f"SELECT l.*, f.announced FROM (SELECT e.position, s.announced FROM {start} CROSS JOIN subjects s"
        f" WHERE s.announced = e.subject AND NOT s.held AND s.retracted IS NULL{tests}"
        f" ORDER BY {first} DESC LIMIT ?"
        ") f JOIN events l ON l.position = f.position ORDER BY l.position DESC",
        (*(param for condition in conditions for param in condition.params), limit),
    ).fetchall()
    return [read_entry(tx, row) for row in rows]


def closing(tx: Tx, now: datetime, *, limit: int = 10) -> list[Subject]:
    """The open calls whose deadline comes next, soonest first."""
    rows = tx.execute(
        "SELECT * FROM subjects"
        " WHERE closes_at IS NOT NULL AND closed IS NULL AND closes_at >= ?"
        " AND NOT held AND retracted IS NULL"
        " ORDER BY closes_at, announced LIMIT ?",
        (to_stamp(now), limit),
    )
    return [read_subject(row) for row in rows]


def counts(tx: Tx) -> dict[str, int]:
    """How many announcements, initiatives and calls are recorded; of the latter two, those that are shown."""
    # Announcements are never deleted: the number of the last row is how many there are.
    rows = tx.execute(
        "SELECT name, value FROM model WHERE name IN ('initiatives', 'calls')"
        " UNION ALL SELECT 'announcements', COALESCE(MAX(rowid), 0) FROM announcements"
    )
    return {row["name"]: row["value"] for row in rows}


def values(tx: Tx, name: str) -> list[str]:
    """The values of a facet (kind, source, technology, country or body) that occur, in order."""
    # From each value to the next one, however many events have it.
    rows = tx.execute(
        "WITH RECURSIVE found (value) AS (SELECT MIN(value) FROM facets WHERE name = ?1 UNION ALL"
        " SELECT (SELECT MIN(value) FROM facets WHERE name = ?1 AND value > found.value) FROM found"
        " WHERE value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL",
        (name,),
    )
    return [row["value"] for row in rows]


def _shortest(tx: Tx, conditions: Sequence[_Condition]) -> _Condition | None:
    """The condition that the fewest events meet; None where there is none that few do."""
    found: tuple[int, _Condition] | None = None
    for condition in conditions:
        if condition.listed is not None:
            most = found[0] if found else SHORT
            counted = f"SELECT COUNT(*) AS n FROM ({condition.listed} LIMIT ?)"
            count = tx.execute(counted, (*condition.params, most)).fetchone()["n"]
            if count < most:
                found = (count, condition)
    return found[1] if found else None


def _conditions(tx: Tx, wanted: Filter, now: datetime) -> Iterator[_Condition]:
    for name in ("kind", "source", *FACETS):
        if values := getattr(wanted, name):
            yield _faceted(name, values)
    for code in wanted.partners:
        yield _faceted("country", (code,))
    if wanted.since:
        yield _Condition("e.position >= ?", None, (_first_on(tx, wanted.since),))
    if wanted.until and wanted.until < date.max:
        yield _Condition("e.position < ?", None, (_first_on(tx, wanted.until + timedelta(days=1)),))
    if wanted.closing_within is not None:
        end = to_stamp(horizon(now, wanted.closing_within))
        yield _of_subjects("{0}.closed IS NULL AND {0}.closes_at BETWEEN ? AND ?", to_stamp(now), end)
    if wanted.min_amount:
        amount, currency = wanted.min_amount
        paying = "FROM amounts a WHERE a.currency = ? AND a.amount >= ?"
        listed = f"SELECT position FROM subject_events WHERE subject IN (SELECT a.subject {paying})"
        test = f"EXISTS (SELECT 1 {paying} AND a.subject = s.announced)"
        yield _Condition(test, listed, (currency, float(amount)))
    if wanted.status == ("upcoming",):
        yield _of_subjects(_STATUS["upcoming"], *_moments(_STATUS["upcoming"], now))
    elif wanted.status:
        test = f"({' OR '.join(_STATUS[value].format('s') for value in wanted.status)})"
        yield _Condition(test, None, _moments(test, now))


def _phrase(words: str) -> str:
    """All of the words, as full-text search is asked for them."""
    return " ".join(f'"{word}"' for word in words.split())


def _faceted(name: str, values: Sequence[str]) -> _Condition:
    marks = ", ".join("?" * len(values))
    listed = f"SELECT f.position FROM facets f WHERE f.name = ? AND f.value IN ({marks})"
    return _Condition(f"EXISTS ({listed} AND f.position = e.position)", listed, (name, *values))


def _of_subjects(test: str, *params: Any) -> _Condition:
    """A condition that few subjects meet; `test` names them by `{0}`."""
    subjects = f"SELECT o.announced FROM subjects o WHERE {test.format('o')}"
    listed = f"SELECT position FROM subject_events WHERE subject IN ({subjects})"
    return _Condition(test.format("s"), listed, params)


def _first_on(tx: Tx, day: date) -> int:
    """The position of the first event that was recorded on this UTC day or later."""
    return log.first_since(tx, datetime.combine(day, time.min, UTC))


def _moments(test: str, now: datetime) -> tuple[str, ...]:
    return (to_stamp(now),) * test.count("?")


_CLOSED = "({0}.closed IS NOT NULL OR COALESCE({0}.closes_at < ?, 0))"
_STATUS = {
    "closed": f"({{0}}.kind = 'call' AND {_CLOSED})",
    "upcoming": f"({{0}}.opens_at > ? AND {{0}}.kind = 'call' AND NOT {_CLOSED})",
    "open": f"({{0}}.kind = 'call' AND NOT {_CLOSED} AND NOT COALESCE({{0}}.opens_at > ?, 0))",
}
