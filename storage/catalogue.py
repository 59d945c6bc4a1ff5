"""The read model: announcements, subjects, and the events of each.

Reads only: storage.effects writes it, event by event. May not decide anything: it holds what the events say.
What a filter finds is storage.listings.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from storage import log
from storage.database import Tx
from storage.events import Evidence, Money
from storage.filters import Subject, words
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
    own where the two were linked. `alone` says that no other announcement tells of it that is not withdrawn,
    `news` that people were told of it (it is neither backfill nor held)."""

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
        "WITH asked (id) AS (SELECT value FROM json_each(?)), tellings AS ("
        " SELECT s.announced, s.id AS twin, s.announcement AS teller FROM subjects s"
        " WHERE s.announcement IN (SELECT id FROM asked)"
        " UNION ALL SELECT t.subject, t.id, t.announcement FROM twins t"
        " WHERE t.announcement IN (SELECT id FROM asked))"
        " SELECT s.*, o.twin, o.teller,"
        " NOT EXISTS (SELECT 1 FROM announcements a"
        " WHERE a.id = s.announcement AND a.id <> o.teller AND a.withdrawn IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM twins t JOIN announcements a ON a.id = t.announcement"
        " WHERE t.subject = s.announced AND a.id <> o.teller AND a.withdrawn IS NULL) AS alone"
        " FROM tellings o JOIN subjects s ON s.announced = o.announced ORDER BY s.announced",
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
    most like the title, the likest first: a word that few of them have counts more."""
    count = tx.execute("SELECT COUNT(*) AS n FROM subjects WHERE announced >= ?", (since,)).fetchone()["n"]
    alike: dict[int, float] = defaultdict(float)
    for word in dict.fromkeys(word for word in words(title) if len(word) > 2):
        rows = tx.execute(
            "SELECT s.announced FROM subjects_search f JOIN subjects s ON s.announced = f.rowid"
            " WHERE subjects_search MATCH ? AND f.rowid >= ? AND s.kind = ? AND s.source <> ?"
            " AND s.retracted IS NULL",
            (f'"{word}"', since, kind, source),
        ).fetchall()
        for row in rows:
            alike[row["announced"]] += math.log(1 + count / len(rows))
    likest = sorted(alike, key=lambda number: (-alike[number], number))[:limit]
    found = tx.execute(
        "SELECT s.*, a.day FROM json_each(?) l JOIN subjects s ON s.announced = l.value"
        " JOIN announcements a ON a.id = s.announcement ORDER BY l.key",
        (json.dumps(likest),),
    ).fetchall()
    return [Rival(read_subject(row), row["day"], not (row["backfill"] or row["held"])) for row in found]


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
    return [read_entry(tx, row) for row in rows]


def read_entry(tx: Tx, row: Any) -> Entry:
    """The entry of a row of `events` that names the number of its subject (`announced`), too."""
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
        "SELECT e.* FROM subject_events se JOIN events e ON e.position = se.position"
        " WHERE se.subject = ? AND se.position > ? AND e.type LIKE '%Changed' ORDER BY se.position DESC",
        (row["announced"], position),
    )
    before: dict[str, Any] = {}
    for later in rows.fetchall():
        for name, sides in Recorded(**dict(later)).payload.get("changed", {}).items():
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
