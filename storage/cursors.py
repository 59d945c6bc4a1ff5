"""Where we stand with each source: validators, health, the next poll, the lease, and what it showed.

Bookkeeping beside the log: losing it costs a poll, never an event. May not decide when to poll: the
caller says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from storage.clock import to_stamp
from storage.database import Tx
from storage.errors import StorageError


class LeaseLost(StorageError):
    """Somebody else took the source over while we were polling it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where we stand with one source. Moments are UTC stamps (storage.clock) or None; `next_poll` None
    is 'at once'; `not_before` is the source's own Retry-After; `failures` counts those in a row; `marks`
    are feed.cut's marks of the entries shown last, separated by spaces. `moved_to` is the address that
    `moved_times` polls in a row were sent to for good, `adopted` the one that is polled instead of `url`.
    `pace` is the minutes between two polls as they are now, `lively` and `largest` what its past explains
    (feed.rhythm), `held` how many announcements are held back, `gap` 1 where the last poll shared nothing
    with the one before, `hints` (feed.hints) what the feed says of itself."""

    source: str
    name: str
    url: str
    active: bool
    health: str
    reason: str | None
    failures: int
    etag: str | None
    last_modified: str | None
    body: str | None
    last_poll: str | None
    last_success: str | None
    next_poll: str | None
    not_before: str | None
    seen: int
    new: int
    marks: str
    moved_to: str | None
    moved_times: int
    adopted: str | None
    pace: float | None
    lively: float
    largest: int
    held: int
    gap: int
    hints: str
    lease_holder: str | None
    lease_until: str | None


COLUMNS = tuple(field.name for field in fields(Cursor))
MOVING = tuple(
    name for name in COLUMNS if name not in ("source", "name", "url", "active", "lease_holder", "lease_until")
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a source showed of one announcement, the last time it showed it. `link` is canonical. `changed_at`
    is the stamp of the poll that found it changed, `streak` how many polls in a row did."""

    source: str
    announcement: str
    guid: str | None
    link: str | None
    fingerprint: str
    shown: dict[str, Any]
    changed_at: str | None = None
    streak: int = 0


def sync(tx: Tx, sources: Iterable[tuple[str, str, str]]) -> None:
    """Make the cursors fit the operator's catalogue, given as (id, name, url).

    A new address starts afresh: what it shows at first is backfill. A source that left stays known, unpolled.
    """
    wanted = json.dumps([list(source) for source in sources])
    listed = (
        "SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS name,"
        " json_extract(value, '$[2]') AS url FROM json_each(?)"
    )
    tx.execute(f"UPDATE cursors SET active = 0 WHERE source NOT IN (SELECT id FROM ({listed}))", (wanted,))
    tx.execute(
        f"INSERT INTO cursors (source, name, url, active) SELECT id, name, url, 1 FROM ({listed}) WHERE true"
        " ON CONFLICT (source) DO UPDATE SET name = excluded.name, active = 1",
        (wanted,),
    )
    tx.execute(
        "UPDATE cursors SET url = w.url, etag = NULL, last_modified = NULL, body = NULL, marks = '',"
        " failures = 0, next_poll = NULL, not_before = NULL, last_success = NULL, lease_holder = NULL,"
        " lease_until = NULL, moved_to = NULL, moved_times = 0, adopted = NULL,"
        " pace = NULL, lively = 0, largest = 0, gap = 0, hints = '',"
        " health = CASE WHEN health = 'failing' THEN 'failing' ELSE 'new' END"
        f" FROM ({listed}) AS w WHERE w.id = cursors.source AND w.url <> cursors.url",
        (wanted,),
    )


def in_step(tx: Tx, sources: Iterable[tuple[str, str, str]]) -> bool:
    """Whether `sync` would change nothing."""
    rows = tx.execute("SELECT source, name, url FROM cursors WHERE active = 1")
    return {(row["source"], row["name"], row["url"]) for row in rows} == set(sources)


def everything(tx: Tx) -> list[Cursor]:
    """The cursors of the sources in the catalogue, by id."""
    return [_cursor(row) for row in tx.execute("SELECT * FROM cursors WHERE active = 1 ORDER BY source")]


def troubled(tx: Tx) -> list[Cursor]:
    """The cursors of the sources in the catalogue that fail, have ended or are held."""
    rows = tx.execute(
        "SELECT * FROM cursors WHERE active = 1 AND (health IN ('failing', 'ended') OR held > 0)"
        " ORDER BY source"
    )
    return [_cursor(row) for row in rows]


def known(tx: Tx) -> set[str]:
    """The ids of the sources in the catalogue, and of those in the log: a mirror has no others."""
    rows = tx.execute(
        "SELECT source FROM cursors WHERE active = 1 UNION"
        # From one source to the next by the index, since there may be a million announcements.
        " SELECT source FROM (WITH RECURSIVE told (source) AS ("
        "SELECT MIN(source) FROM announcements UNION ALL"
        " SELECT (SELECT MIN(source) FROM announcements WHERE source > told.source) FROM told"
        " WHERE told.source IS NOT NULL) SELECT source FROM told) WHERE source IS NOT NULL"
    )
    return {row["source"] for row in rows}


def get(tx: Tx, source: str) -> Cursor | None:
    """The cursor of one source, or None."""
    row = tx.execute("SELECT * FROM cursors WHERE source = ?", (source,)).fetchone()
    return _cursor(row) if row else None


def blank(source: str, name: str, url: str) -> Cursor:
    """The cursor of a source that was never polled."""
    start = {
        "active": True,
        "health": "new",
        "failures": 0,
        "seen": 0,
        "new": 0,
        "marks": "",
        "moved_times": 0,
    }
    start |= {"lively": 0.0, "largest": 0, "held": 0, "gap": 0, "hints": ""}
    return Cursor(**{**dict.fromkeys(COLUMNS), **start, "source": source, "name": name, "url": url})  # type: ignore[arg-type]


def release_held(tx: Tx, source: str, *, learnt: int) -> None:
    """Nothing is held of this source any more; `learnt` is how many new ones at once its past explains
    from now on."""
    tx.execute(
        "UPDATE cursors SET held = 0, largest = MAX(largest, ?),"
        " reason = CASE health WHEN 'held' THEN NULL ELSE reason END,"
        " health = CASE health WHEN 'held' THEN 'ok' ELSE health END WHERE source = ?",
        (learnt, source),
    )


_FREE = (
    "active = 1 AND health <> 'ended' AND (not_before IS NULL OR not_before <= ?)"
    " AND (lease_until IS NULL OR lease_until <= ?) AND (NOT ? OR next_poll IS NULL OR next_poll <= ?)"
)
"""May be polled: not ended, not before its Retry-After, in nobody's hands, and (when asked) due."""


def waiting(tx: Tx, now: datetime, *, named: Sequence[str] | None = None, due: bool = True) -> list[str]:
    """The sources that may be polled at `now`, longest due first: never before their Retry-After, never
    an ended one. `due` keeps to those whose time has come; `named` keeps to these ids."""
    stamp = to_stamp(now)
    rows = tx.execute(
        f"SELECT source FROM cursors WHERE {_FREE}"
        " AND (NOT ? OR source IN (SELECT value FROM json_each(?))) ORDER BY next_poll, source",
        (stamp, stamp, due, stamp, named is not None, json.dumps(list(named or ()))),
    )
    return [row["source"] for row in rows]


def lease(
    tx: Tx,
    source: str,
    now: datetime,
    until: datetime,
    holder: str,
    *,
    due: bool = False,
    url: str | None = None,
) -> Cursor | None:
    """Take the source for ourselves until `until`; None when it is not waiting (any more), or when it has
    another address than `url` by now."""
    stamp = to_stamp(now)
    changed = tx.execute(
        f"UPDATE cursors SET lease_holder = ?, lease_until = ? WHERE source = ? AND {_FREE}"
        " AND (? IS NULL OR url = ?)",
        (holder, to_stamp(until), source, stamp, stamp, due, stamp, url, url),
    ).rowcount
    return get(tx, source) if changed else None


def advance(tx: Tx, after: Cursor, holder: str) -> None:
    """Write down where we stand now and give the lease back.

    Raises LeaseLost, so that the transaction is rolled back, when the lease is no longer ours.
    """
    assignments = ", ".join(f"{name} = ?" for name in MOVING)
    changed = tx.execute(
        f"UPDATE cursors SET {assignments}, lease_holder = NULL, lease_until = NULL"
        " WHERE source = ? AND lease_holder = ? AND url = ?",
        (*(getattr(after, name) for name in MOVING), after.source, holder, after.url),
    ).rowcount
    if not changed:
        raise LeaseLost(f"the source {after.source} was taken over by another worker, or has a new address")


def hasten(tx: Tx, source: str, moment: datetime) -> None:
    """The source is due at `moment`, if not before."""
    stamp = to_stamp(moment)
    tx.execute("UPDATE cursors SET next_poll = ? WHERE source = ? AND next_poll > ?", (stamp, source, stamp))


def learn(tx: Tx, source: str, new: int) -> None:
    """So many new announcements came from the source between two polls, all at once."""
    tx.execute(
        "UPDATE cursors SET new = new + ?, lively = lively + ?, largest = MAX(largest, ?) WHERE source = ?",
        (new, new, new, source),
    )


def sightings(
    tx: Tx, source: str, guids: Sequence[str], links: Sequence[str], fingerprints: Sequence[str]
) -> list[Sighting]:
    """What is known of these entries: this source's by guid, link or content, and any source's by link."""
    rows = tx.execute(
        "SELECT * FROM sightings WHERE source = ? AND guid IN (SELECT value FROM json_each(?))"
        " UNION SELECT * FROM sightings WHERE source = ? AND fingerprint IN (SELECT value FROM json_each(?))"
        " UNION SELECT * FROM sightings WHERE link IN (SELECT value FROM json_each(?))"
        " ORDER BY source, announcement",
        (
            source,
            json.dumps(list(guids)),
            source,
            json.dumps(list(fingerprints)),
            json.dumps(list(links)),
        ),
    )
    return [Sighting(**{**dict(row), "shown": json.loads(row["shown"])}) for row in rows]


def see(tx: Tx, sighting: Sighting) -> None:
    """Write down what a source shows now."""
    tx.execute(
        "INSERT INTO sightings (source, announcement, guid, link, fingerprint, shown, changed_at, streak)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, announcement) DO UPDATE SET"
        " guid = excluded.guid, link = excluded.link, fingerprint = excluded.fingerprint,"
        " shown = excluded.shown, changed_at = excluded.changed_at, streak = excluded.streak",
        (
            sighting.source,
            sighting.announcement,
            sighting.guid,
            sighting.link,
            sighting.fingerprint,
            json.dumps(sighting.shown, ensure_ascii=False),
            sighting.changed_at,
            sighting.streak,
        ),
    )


def holders(tx: Tx) -> set[str]:
    """Who holds leases on sources."""
    rows = tx.execute("SELECT DISTINCT lease_holder FROM cursors WHERE lease_holder IS NOT NULL")
    return {row["lease_holder"] for row in rows}


def release(tx: Tx, holder: str) -> None:
    """Give back the leases of a holder that is known to be gone."""
    tx.execute("UPDATE cursors SET lease_holder = NULL, lease_until = NULL WHERE lease_holder = ?", (holder,))


def _cursor(row: Any) -> Cursor:
    return Cursor(**{**{name: row[name] for name in COLUMNS}, "active": bool(row["active"])})
