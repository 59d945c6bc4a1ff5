"""The log: append, read, head. Events go in at the end and never change.

May not know what an event means: that is storage.events (its shape) and storage.catalogue (its effect).
storage.verify checks it, storage.carrying takes in what another installation recorded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from storage.clock import to_stamp
from storage.database import Tx
from storage.encoding import canonical, digest, to_data
from storage.errors import StorageError
from storage.events import Event
from storage.upcasters import upcast

GENESIS = "0" * 64
"""The chain before the first event."""
COLUMNS = "position, stream, version, type, recorded_at, data, digest, chain"
"""Of the table events, in the order of the fields of Recorded."""
REDACTED = "null"
"""The data of an event whose payload was taken out."""

_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the log. `data` is the canonical JSON text, `recorded_at` UTC with microseconds."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    data: str
    digest: str
    chain: str

    @property
    def is_redacted(self) -> bool:
        """Whether the payload was taken out (storage.redaction)."""
        return self.data == REDACTED

    @property
    def payload(self) -> dict[str, Any]:
        """The event's `data` as an object, in today's shape whatever version wrote it; empty where it was
        redacted."""
        return upcast(self.type, _JSON.raw_decode(self.data)[0])

    def line(self) -> str:
        """The event as one line of JSON, as in `communique log --json` and /events.ndjson."""
        head = {
            "position": self.position,
            "stream": self.stream,
            "version": self.version,
            "type": self.type,
            "recorded_at": self.recorded_at,
            "digest": self.digest,
            "chain": self.chain,
        }
        # The payload goes in as it stands, so that its digest can be checked on the line itself.
        return json.dumps(head, ensure_ascii=False)[:-1] + f', "data": {self.data}}}'


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: the last position (0 when it is empty), its chain and its time."""

    position: int
    chain: str
    recorded_at: str | None


class Broken(StorageError):
    """The log does not verify; `position` is the first bad one (0: the table itself)."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"the log is broken at position {position}: {reason}")
        self.position = position


def link(previous: str, event: Recorded) -> str:
    """The chain value after `event`: SHA-256 of seven lines (previous chain, position, stream, version,
    type, recorded_at, digest), each ended by a newline."""
    fields = (previous, event.position, event.stream, event.version, event.type, event.recorded_at)
    return hashlib.sha256("".join(f"{field}\n" for field in (*fields, event.digest)).encode()).hexdigest()


def head(tx: Tx) -> Head:
    """The end of the log."""
    row = tx.execute(
        "SELECT position, chain, recorded_at FROM events ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return Head(row["position"], row["chain"], row["recorded_at"]) if row else Head(0, GENESIS, None)


def append(tx: Tx, events: Iterable[Event], now: datetime) -> list[Recorded]:
    """Add events at the end, in order, within the caller's write transaction. `now` has a time zone."""
    end = head(tx)
    position, chain = end.position, end.chain
    versions: dict[str, int] = {}
    stamp = to_stamp(now)
    recorded = []
    for event in events:
        stream, position = event.stream, position + 1
        if stream not in versions:
            row = tx.execute("SELECT MAX(version) AS v FROM events WHERE stream = ?", (stream,)).fetchone()
            versions[stream] = row["v"] or 0
        versions[stream] += 1
        data = canonical(to_data(event))
        bare = Recorded(
            position, stream, versions[stream], type(event).__name__, stamp, data.decode(), digest(data), ""
        )
        chain = link(chain, bare)
        recorded.append(replace(bare, chain=chain))
        insert(tx, recorded[-1])
    return recorded


def insert(tx: Tx, event: Recorded) -> None:
    """Put an event at the end as it stands; whether it may stand there is the caller's to know. Raises
    StorageError where it is not taken."""
    taken = tx.execute(
        "INSERT INTO events (position, stream, version, type, recorded_at, data, digest, chain)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(event.position, event.stream, event.version, event.type),
            *(event.recorded_at, event.data, event.digest, event.chain),
        ),
    ).rowcount
    if taken != 1:  # a trigger that is not ours can refuse without a word
        raise StorageError("the log did not take an event: `communique verify` tells what is wrong with it")


def read(
    tx: Tx, *, after: int = 0, type_name: str | None = None, stream: str | None = None, limit: int = -1
) -> Iterator[Recorded]:
    """Events behind position `after`, in order; `limit` -1 is all."""
    where = ["position > ?"]
    params: list[Any] = [after]
    for column, value in (("type", type_name), ("stream", stream)):
        if value is not None:
            where.append(f"{column} = ?")
            params.append(value)
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM events WHERE {' AND '.join(where)} ORDER BY position LIMIT ?",
        (*params, limit),
    )
    return (Recorded(*row) for row in rows)


def get(tx: Tx, position: int) -> Recorded | None:
    """The event at `position`, or None."""
    row = tx.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone()
    return Recorded(**dict(row)) if row else None


def first_since(tx: Tx, moment: datetime) -> int:
    """The position of the first event that was recorded at `moment` or later; behind the end when none was.
    Positions and times of recording grow together, so that a few looks find it."""
    low, high, stamp = 1, head(tx).position + 1, to_stamp(moment)
    while low < high:
        middle = (low + high) // 2
        event = get(tx, middle)
        if event is not None and event.recorded_at < stamp:
            low = middle + 1
        else:
            high = middle
    return low


def newest(tx: Tx, *, before: int | None = None, limit: int = 50) -> list[Recorded]:
    """The last events, newest first; with `before`, those in front of that position."""
    rows = tx.execute(
        "SELECT * FROM events WHERE position < ? ORDER BY position DESC LIMIT ?",
        (before if before is not None else 2**62, limit),
    )
    return [Recorded(**dict(row)) for row in rows]


def keep_text(tx: Tx, text: str) -> str:
    """Keep a long text; returns its digest, by which an event names it."""
    key = digest(text.encode())
    tx.execute("INSERT INTO texts (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING", (key, text))
    return key


def text(tx: Tx, key: str) -> str | None:
    """The text with this digest, or None."""
    row = tx.execute("SELECT body FROM texts WHERE digest = ?", (key,)).fetchone()
    return row["body"] if row else None
