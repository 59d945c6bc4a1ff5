"""Where we stand with each source's WebSub hub: asked or not, for how long it pushes, what it missed.

Bookkeeping beside the log: losing it costs a request to the hub. May not decide anything: feed.leases does.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from storage.clock import to_stamp
from storage.database import Tx


@dataclass(frozen=True, slots=True)
class Hub:
    """What is between one source, its hub and the topic that it has there. Moments are stamps (storage.clock)
    or None.

    `state` is `wanted` (from when the source names it until it has verified us), `verified`, `denied`,
    `leaving` or `left`. `signed` says that we gave it a key to sign with. `next_ask` is when it is to be
    asked (again), None for never; `tries` counts the requests since it verified us last. `owed` is how many
    polls a push asked for: 1 until the next poll, 2 where that one has begun already. `missed` says that a
    poll found what no push had brought.
    """

    source: str
    hub: str
    topic: str
    state: str = "wanted"
    signed: bool = False
    asked_at: str | None = None
    verified_at: str | None = None
    lease_until: str | None = None
    next_ask: str | None = None
    tries: int = 0
    reason: str | None = None
    pushed_at: str | None = None
    owed: int = 0
    missed: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Source, hub and topic: no two are the same in all three."""
        return self.source, self.hub, self.topic

    @property
    def host(self) -> str:
        """The name of its server, to show to people."""
        try:
            return urlsplit(self.hub).hostname or "?"
        except ValueError:
            return "?"


_COLUMNS = tuple(field.name for field in fields(Hub))


def everything(tx: Tx) -> list[Hub]:
    """All that are known, by source."""
    return [_hub(row) for row in tx.execute("SELECT * FROM hubs ORDER BY source, hub, topic")]


def of(tx: Tx, source: str) -> list[Hub]:
    """Those of one source: the one that it names now, and those that it named before."""
    rows = tx.execute("SELECT * FROM hubs WHERE source = ? ORDER BY hub, topic", (source,))
    return [_hub(row) for row in rows]


def get(tx: Tx, key: tuple[str, str, str]) -> Hub | None:
    """The one with this key, or None."""
    row = tx.execute("SELECT * FROM hubs WHERE source = ? AND hub = ? AND topic = ?", key).fetchone()
    return _hub(row) if row else None


def pushing(tx: Tx, now: datetime) -> dict[str, Hub]:
    """The hubs that push, by source: verified, the lease not over."""
    rows = tx.execute("SELECT * FROM hubs WHERE state = 'verified' AND lease_until > ?", (to_stamp(now),))
    return {row["source"]: _hub(row) for row in rows}


def due(tx: Tx, now: datetime) -> list[Hub]:
    """Those that are to be asked, longest due first."""
    rows = tx.execute("SELECT * FROM hubs WHERE next_ask <= ? ORDER BY next_ask, source", (to_stamp(now),))
    return [_hub(row) for row in rows]


def put(tx: Tx, hub: Hub) -> None:
    """Write down where we stand with a hub."""
    marks = ", ".join("?" for _ in _COLUMNS)
    tx.execute(f"INSERT OR REPLACE INTO hubs ({', '.join(_COLUMNS)}) VALUES ({marks})", astuple(hub))


def drop(tx: Tx, hub: Hub) -> None:
    """Forget a hub."""
    tx.execute("DELETE FROM hubs WHERE source = ? AND hub = ? AND topic = ?", hub.key)


def _hub(row: Any) -> Hub:
    kept = {name: row[name] for name in _COLUMNS}
    return Hub(**{**kept, "signed": bool(row["signed"]), "missed": bool(row["missed"])})
