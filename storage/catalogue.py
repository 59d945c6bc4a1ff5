"""The read model: announcements, subjects, and what they can be found by.

Reads only: storage.effects writes it, event by event. May not decide anything: it holds what the events say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from storage import log
from storage.clock import to_stamp
from storage.database import Tx
from storage.events import Evidence, Money
from storage.filters import Filter, Subject, horizon, words
from storage.log import Recorded

FACETS = {"technology": "technologies", "country": "countries", "body": "bodies"}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing a source published, as it stands now. `text` is the digest of its full text, or None, `page`
    that of what its linked page says; `position`, `revised` and `withdrawn` are positions in the log. `day`
    (UTC) is when it was published, as first stated; when it was recorded where nothing was stated, or a day
    still to come."""

    id: str
    source: str
    title: str
    url: str
    summary: str
    published_at: str | None
    text: str | None
    position: int
    revised: int | None
    withdrawn: int | None
    backfill: bool
    held: bool
    day: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Twin:
    """Another announcement of a subject: `id` is the id that it would have had of its own, `reason` says why
    the two are one, `position` is SubjectLinked's."""

    id: str
    announcement: str
    source: str
    title: str
    url: str
    reason: str
    position: int


@dataclass(frozen=True, slots=True)
class Told:
    """A subject that an announcement told of. `key` is the id that it has there: another than the subject's
    own where the two were linked. `alone` says that no other announcement tells of it, `news` that people
    were told of it (it is neither backfill nor held)."""

    key: str
    subject: Subject
    alone: bool
    news: bool


@dataclass(frozen=True, slots=True)
class Rival:
    """A subject that a new one may be the same as. `day` (UTC) is when its announcement was published, `told`
    whether it was news (neither backfill nor held)."""

    subject: Subject
    day: str
    told: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of a subject together with the subject: as it was announced, or as it stands now. `backfill`
    is the event's, `held` the subject's."""

    event: Recorded
    subject: Subject
    evidence: tuple[Evidence, ...]
    backfill: bool
    held: bool


def announcement(tx: Tx, key: str) -> Announcement | None:
    """The announcement with this id, or None."""
    row = tx.execute("SELECT * FROM announcements WHERE id = ?", (key,)).fetchone()
    return _announcement(row) if row else None


def _announcement(row: Any) -> Announcement:
    flags = ("backfill", "held")
    return Announcement(**{**dict(row), **{flag: bool(row[flag]) for flag in flags}})


def announcements(
    tx: Tx, *, after: int = 0, since: date | None = None, limit: int = 100
) -> list[Announcement]:
    """The announcements recorded behind a position, in order; `since`: published on that UTC day or later."""
    rows = tx.execute(
        "SELECT * FROM announcements WHERE position > ? AND day >= ? ORDER BY position LIMIT ?",
        (after, since.isoformat() if since else "", limit),
    )
    return [_announcement(row) for row in rows.fetchall()]


def known(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of the announcement ids that are recorded already."""
    rows = tx.execute(
        "SELECT id FROM announcements WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),)
    )
    return {row["id"] for row in rows}


def untold(tx: Tx, keys: Sequence[str], stamp: str) -> set[str]:
    """Those of the announcements that were recorded as backfill after this moment (a UTC stamp), or that
    are held."""
    rows = tx.execute(
        "SELECT a.id FROM announcements a JOIN events e ON e.position = a.position"
        " WHERE (a.held OR a.backfill AND e.recorded_at > ?) AND a.id IN (SELECT value FROM json_each(?))",
        (stamp, json.dumps(list(keys))),
    )
    return {row["id"] for row in rows}


def held(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of the announcements that are held."""
    rows = tx.execute(
        "SELECT id FROM announcements WHERE held AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    return {row["id"] for row in rows}


def subject(tx: Tx, key: str) -> Subject | None:
    """The subject with this id, or None."""
    row = tx.execute("SELECT * FROM subjects WHERE id = ?", (key,)).fetchone()
    return read_subject(row) if row else None


def told(tx: Tx, announcements: Sequence[str]) -> dict[str, list[Told]]:
    """The subjects that each of these announcements told of, oldest first."""
    rows = tx.execute(
        "WITH asked (id) AS (SELECT value FROM json_each(?))"
        " SELECT s.*, s.id AS twin, s.announcement AS teller,"
        " NOT EXISTS (SELECT 1 FROM twins t WHERE t.subject = s.announced) AS alone"
        " FROM subjects s WHERE s.announcement IN (SELECT id FROM asked)"
        " UNION ALL SELECT s.*, t.id AS twin, t.announcement AS teller, 0 AS alone"
        " FROM twins t JOIN subjects s ON s.announced = t.subject"
        " WHERE t.announcement IN (SELECT id FROM asked) ORDER BY announced",
        (json.dumps(list(announcements)),),
    )
    found: dict[str, list[Told]] = {}
    for row in rows:
        news = not (row["backfill"] or row["held"])
        one = Told(row["twin"], read_subject(row), bool(row["alone"]), news)
        found.setdefault(row["teller"], []).append(one)
    return found


def twins(tx: Tx, key: str) -> list[Twin]:
    """The further announcements of the subject with this id, oldest first."""
    rows = tx.execute(
        "SELECT t.id, t.announcement, t.source, t.title, t.url, t.reason, t.position FROM twins t"
        " JOIN subjects s ON s.announced = t.subject WHERE s.id = ? ORDER BY t.position",
        (key,),
    )
    return [Twin(**dict(row)) for row in rows]


def rivals(tx: Tx, kind: str, title: str, source: str, since: int, *, limit: int = 20) -> list[Rival]:
    """The subjects that sources other than `source` announced from position `since` on and whose words are
    most like the title, the likest first."""
    wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(words(title)) if len(word) > 2)
    if not wanted:
        return []
    rows = tx.execute(
        "SELECT s.*, a.day FROM subjects_search f JOIN subjects s ON s.announced = f.rowid"
        " JOIN announcements a ON a.id = s.announcement"
        " WHERE subjects_search MATCH ? AND f.rowid >= ? AND s.kind = ? AND s.source <> ?"
        " AND s.retracted IS NULL ORDER BY f.rank LIMIT ?",
        (wanted, since, kind, source, limit),
    )
    return [
        Rival(read_subject(row), row["day"], not (row["backfill"] or row["held"])) for row in rows.fetchall()
    ]


def pages(tx: Tx, keys: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Of those of the announcements whose linked page was read, the digest of what it says, and when the
    announcement was published."""
    rows = tx.execute(
        "SELECT id, page, published_at FROM announcements"
        " WHERE page IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    return {row["id"]: (row["page"], row["published_at"]) for row in rows}


def story(tx: Tx, key: str) -> list[Recorded]:
    """All events of the subject with this id, oldest first."""
    return list(log.read(tx, stream=f"subject/{key}"))


def entries(
    tx: Tx, wanted: Filter, now: datetime, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The newest events of the subjects that are wanted, newest first; with `before`, those in front of
    that position. What is held is left out."""
    where, params = _where(wanted, now)
    where.append("NOT s.held AND s.retracted IS NULL")
    if before is not None:
        where.append("se.position < ?")
        params.append(before)
    rows = tx.execute(
        "SELECT e.*, s.announced FROM subject_events se"
        " JOIN events e ON e.position = se.position JOIN subjects s ON s.announced = se.subject"
        f" WHERE {' AND '.join(where)} ORDER BY se.position DESC LIMIT ?",
        (*params, limit),
    ).fetchall()
    return [_entry(tx, row) for row in rows]


def entry(tx: Tx, event: Recorded) -> Entry | None:
    """The event with its subject, or None when it is no event of a subject."""
    row = tx.execute(
        "SELECT s.* FROM subject_events se JOIN subjects s ON s.announced = se.subject WHERE se.position = ?",
        (event.position,),
    ).fetchone()
    return _entry_of(tx, event, row) if row else None


def released(tx: Tx, position: int) -> list[Entry]:
    """The announcing events of the subjects that the SourceReleased at this position releases as news: the
    subjects as they stand now, but those that were closed meanwhile."""
    rows = tx.execute(
        "SELECT e.*, s.announced FROM subjects s JOIN events e ON e.position = s.announced"
        " WHERE s.released = ? AND s.closed IS NULL AND s.retracted IS NULL ORDER BY e.position",
        (position,),
    ).fetchall()
    return [_entry(tx, row) for row in rows]


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
    """How many announcements, initiatives and calls are recorded."""
    counted = "(SELECT COUNT(*) FROM subjects WHERE kind = '{}' AND NOT held AND retracted IS NULL)"
    row = tx.execute(
        "SELECT (SELECT COUNT(*) FROM announcements) AS announcements,"
        f" {counted.format('initiative')} AS initiatives, {counted.format('call')} AS calls"
    ).fetchone()
    return dict(row)


def values(tx: Tx, name: str) -> list[str]:
    """The values of a facet (technology, country or body) that occur, in order."""
    rows = tx.execute("SELECT DISTINCT value FROM facets WHERE name = ? ORDER BY value", (name,))
    return [row["value"] for row in rows]


def _entry(tx: Tx, row: Any) -> Entry:
    columns = dict(row)
    announced = columns.pop("announced")
    found = tx.execute("SELECT * FROM subjects WHERE announced = ?", (announced,)).fetchone()
    return _entry_of(tx, Recorded(**columns), found)


def _entry_of(tx: Tx, event: Recorded, row: Any) -> Entry:
    payload = event.payload
    evidence = payload.get("evidence") or json.loads(row["evidence"])
    subject = read_subject(row)
    # What was held is told with what had changed until it was released.
    as_announced = event.type.endswith("Announced") and row["released"] is None
    return Entry(
        event=event,
        subject=_before_changes(tx, subject, event.position, row) if as_announced else subject,
        evidence=tuple(Evidence(**item) for item in evidence),
        backfill=bool(payload.get("backfill", False)),
        held=bool(row["held"]),
    )


def _before_changes(tx: Tx, subject: Subject, position: int, row: Any) -> Subject:
    """The subject without what changed behind this position: that has events of its own. What was corrected,
    or told by another announcement, has none, and shows."""
    if row["latest"] <= position:
        return subject
    rows = tx.execute(
        "SELECT e.data FROM subject_events se JOIN events e ON e.position = se.position"
        " WHERE se.subject = ? AND se.position > ? AND e.type LIKE '%Changed' ORDER BY se.position DESC",
        (row["announced"], position),
    )
    before: dict[str, Any] = {}
    for later in rows.fetchall():
        for name, sides in json.loads(later["data"])["changed"].items():
            if name == "money":
                before[name] = tuple(Money(**item) for item in sides["from"])
            elif name in (*FACETS.values(), "opens", "closes", "zone", "title", "summary"):
                before[name] = tuple(sides["from"]) if isinstance(sides["from"], list) else sides["from"]
    return replace(subject, **before)


def read_subject(row: Any) -> Subject:
    """The subject in a row of `subjects`."""
    return Subject(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        url=row["url"],
        summary=row["summary"],
        source=row["source"],
        announcement=row["announcement"],
        technologies=tuple(json.loads(row["technologies"])),
        countries=tuple(json.loads(row["countries"])),
        bodies=tuple(json.loads(row["bodies"])),
        money=tuple(Money(**item) for item in json.loads(row["money"])),
        opens=row["opens"],
        closes=row["closes"],
        closed=row["closed"] is not None,
        retracted=row["retracted"] is not None,
        zone=row["zone"],
    )


def _where(wanted: Filter, now: datetime) -> tuple[list[str], list[Any]]:
    """The filter as SQL over `s` (subjects) and `e` (events): what `filters.matches` says, for many rows."""
    where: list[str] = []
    params: list[Any] = []

    def add(condition: str, *values: Any) -> None:
        where.append(condition)
        params.extend(values)

    def any_of(values: Iterable[str]) -> str:
        return json.dumps(list(values))

    for column in ("kind", "source"):
        if values := getattr(wanted, column):
            add(f"s.{column} IN (SELECT value FROM json_each(?))", any_of(values))
    facet = "s.announced IN (SELECT subject FROM facets WHERE name = ? AND value"
    for name in FACETS:
        if values := getattr(wanted, name):
            add(f"{facet} IN (SELECT value FROM json_each(?)))", name, any_of(values))
    for code in wanted.partners:
        add(f"{facet} = ?)", "country", code)
    if wanted.q:
        phrase = " ".join(f'"{word}"' for word in wanted.q.split())
        add("s.announced IN (SELECT rowid FROM subjects_search WHERE subjects_search MATCH ?)", phrase)
    if wanted.since:
        add("e.recorded_at >= ?", wanted.since.isoformat())
    if wanted.until:
        add("e.recorded_at < ?", f"{wanted.until.isoformat()}U")  # behind every time of that day
    if wanted.closing_within is not None:
        end = to_stamp(horizon(now, wanted.closing_within))
        add("s.closed IS NULL AND s.closes_at BETWEEN ? AND ?", to_stamp(now), end)
    if wanted.min_amount:
        amount, currency = wanted.min_amount
        add(
            "s.announced IN (SELECT subject FROM amounts WHERE currency = ? AND amount >= ?)",
            currency,
            float(amount),
        )
    if wanted.status:
        add(f"({' OR '.join(_STATUS[value] for value in wanted.status)})")
        moment = to_stamp(now)
        params.extend(moment for value in wanted.status for _ in range(_STATUS[value].count("?")))
    return where, params


_CLOSED = "(s.closed IS NOT NULL OR COALESCE(s.closes_at < ?, 0))"
_UPCOMING = "COALESCE(s.opens_at > ?, 0)"
_STATUS = {
    "closed": f"(s.kind = 'call' AND {_CLOSED})",
    "upcoming": f"(s.kind = 'call' AND NOT {_CLOSED} AND {_UPCOMING})",
    "open": f"(s.kind = 'call' AND NOT {_CLOSED} AND NOT {_UPCOMING})",
}
