"""Takes a payload out of the log, as the law may ask for, and says in the log that this was done and why.

The row stays with its digest, so that the chain verifies as before. May not decide what is to be taken out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from storage import log, rebuild, visits
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.events import EventRedacted
from storage.log import Recorded

BLANK = {"title": "", "url": "", "summary": "", "published_at": None, "text": None, "redacted": True}
"""What is remembered of what a source shows, once it may not be kept: that nothing more is read there."""


def redact(db: Database, position: int, reason: str, now: datetime) -> Recorded:
    """Take the payload of the event at `position` out; the event that says so. `now` has a time zone.

    The read model is outdated then, and has to be computed again. Raises StorageError where there is no such
    event, or nothing in it that could be taken out.
    """
    with db.write(thorough=True) as tx:
        event = log.get(tx, position)
        if event is None:
            raise StorageError(f"the log has no event {position}; it ends at {log.head(tx).position}")
        if event.is_redacted:
            raise StorageError(f"the payload of event {position} was taken out before")
        if event.type == EventRedacted.__name__:
            raise StorageError(f"event {position} says that another one was redacted: it has to stay")
        redacted = EventRedacted(
            source=event.payload["source"], position=position, digest=event.digest, reason=reason
        )
        (recorded,) = log.append(tx, [redacted], now)
        redact_payload(tx, position)
    db.forget()
    return recorded


def redact_payload(tx: Tx, position: int) -> None:
    """Take the payload of the event at `position` out, with the long texts that it alone names and with what
    is remembered of its announcement. The log must hold the EventRedacted that says so."""
    event = log.get(tx, position)
    if event is None or event.is_redacted:
        return
    tx.execute("UPDATE events SET data = 'null' WHERE position = ?", (position,))
    for key in set(_texts(event.payload)):
        named = tx.execute("SELECT 1 FROM events WHERE instr(data, ?) LIMIT 1", (key,)).fetchone()
        if not named:
            tx.execute("DELETE FROM texts WHERE digest = ?", (key,))
    if announcement := event.payload.get("announcement"):
        # The entry is still known for what it is, so that the source does not bring it back.
        tx.execute("UPDATE sightings SET shown = ? WHERE announcement = ?", (json.dumps(BLANK), announcement))
        visits.done(tx, announcement)
    rebuild.outdate(tx)


def told_at(tx: Tx, position: int) -> int | None:
    """The position of the event that says that the one at `position` was redacted, or None."""
    row = tx.execute(
        "SELECT position FROM events WHERE type = 'EventRedacted' AND json_extract(data, '$.position') = ?",
        (position,),
    ).fetchone()
    return row["position"] if row else None


def kin(tx: Tx, position: int) -> list[Recorded]:
    """The other events of the announcement that the event at `position` is about, in order: they may say the
    same."""
    event = log.get(tx, position)
    rows = tx.execute(
        "SELECT * FROM events WHERE json_extract(data, '$.announcement') = ? AND position <> ?"
        " ORDER BY position",
        (event.payload.get("announcement") if event else None, position),
    )
    return [Recorded(**dict(row)) for row in rows.fetchall()]


def _texts(payload: dict[str, Any]) -> Iterator[str]:
    """The digests of the long texts that a payload names."""
    changes = payload.get("changed", {})
    for name in ("text", "page"):
        named = (payload.get(name), *changes.get(name, {}).values())
        yield from (key for key in named if isinstance(key, str))
