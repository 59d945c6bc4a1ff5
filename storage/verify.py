"""Whether the log is what it was: every row, its digest and its chain, the texts, the triggers.

Reads only. May not know what events mean, but for EventRedacted, which says that a payload is gone for a
reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from storage.database import Database, Rows, Tx
from storage.errors import StorageError
from storage.log import GENESIS, REDACTED, Broken, Head, head

REPORT_EVERY = 10_000
"""So many rows lie between two calls of a progress."""

Progress = Callable[[int, int], None]
"""Is told how many rows were read, of how many."""


class NotExtended(StorageError):
    """The log does not go on from a head that was noted earlier."""


def verify(database: Database, progress: Progress = lambda done, total: None) -> Head:
    """Check that the guards stand, every row (positions without gaps, digests, the chain), and every text.

    An event without its data counts as whole where a later EventRedacted names its position and digest. A
    text may be missing, but not be another one. Returns the head. Raises Broken at the first bad position.
    """
    if fallen := database.fallen_guards():
        raise Broken(0, "; ".join(fallen))
    with database.read() as tx:
        events = head(tx).position
        total = events + tx.execute("SELECT COALESCE(MAX(rowid), 0) AS n FROM texts").fetchone()["n"]
        found = _events(tx, lambda done: progress(done, total))
        _texts(tx, lambda done: progress(min(events + done, total), total))
        progress(total, total)
    return found


def extends(database: Database, chain: str, position: int | None = None) -> int:
    """The position at which the log has this chain; with `position`, it has to be that one. Position 0 has
    GENESIS. Proves nothing unless the log verifies.

    Raises NotExtended, with the reason.
    """
    with database.read() as tx:
        end = head(tx).position
        if position is None:
            row = tx.execute("SELECT position FROM events WHERE chain = ?", (chain,)).fetchone()
            if row is None and chain != GENESIS:
                raise NotExtended(f"{_EXTENDS_NOT}: none of its {end} events has the chain {chain}")
            return row["position"] if row else 0
        if position > end:
            raise NotExtended(f"{_EXTENDS_NOT} at position {position}: it ends at position {end}")
        row = tx.execute("SELECT chain FROM events WHERE position = ?", (position,)).fetchone()
    if (ours := row["chain"] if row else GENESIS) != chain:
        raise NotExtended(f"{_EXTENDS_NOT} at position {position}: its chain there is {ours}")
    return position


_EXTENDS_NOT = "the log does not extend the head noted"


def _events(tx: Tx, progress: Callable[[int], None]) -> Head:
    """A loop over plain values: a million of them have to pass in seconds. The data comes as bytes, since
    these are what was digested."""
    chain, expected, recorded_at = GENESIS, 0, None
    empty: dict[int, str] = {}
    rows = tx.execute(
        "SELECT position, stream, version, type, recorded_at, CAST(data AS BLOB), digest, chain"
        " FROM events ORDER BY position"
    )
    for position, stream, version, type_name, recorded_at, data, digest, stated in _readable(rows):
        expected += 1
        if position != expected:
            raise Broken(expected, f"the next event has position {position}")
        if data == _REDACTED:
            empty[position] = digest
        elif sha256(data).hexdigest() != digest:
            raise Broken(position, "its data does not fit its digest")
        # The same seven lines as in storage.log.link.
        lines = f"{chain}\n{position}\n{stream}\n{version}\n{type_name}\n{recorded_at}\n{digest}\n"
        chain = sha256(lines.encode()).hexdigest()
        if chain != stated:
            raise Broken(position, "its chain does not follow from the one before")
        if type_name == "EventRedacted":
            _settle(empty, data, position)
        if not expected % REPORT_EVERY:
            progress(expected)
    if empty:
        raise Broken(min(empty), "its data is gone, and no later event says that it was redacted")
    return Head(expected, chain, recorded_at)


def _readable(rows: Rows) -> Iterator[Any]:
    """The rows, up to one that cannot be read, such as a stream that is not UTF-8."""
    count = 0
    try:
        for row in rows:
            yield row
            count += 1
    except Exception as error:  # the driver's own, which is not known here
        raise Broken(count + 1, f"it cannot be read: {error}") from error


_REDACTED = REDACTED.encode()


def _settle(empty: dict[int, str], data: bytes, position: int) -> None:
    """An EventRedacted accounts for the event that it names."""
    try:
        payload = json.loads(data)
        if empty.get(payload["position"]) == payload["digest"]:
            del empty[payload["position"]]
    except (ValueError, TypeError, KeyError):
        if data != _REDACTED:
            raise Broken(position, "it does not say which event was redacted") from None


def _texts(tx: Tx, progress: Callable[[int], None]) -> None:
    rows = tx.execute("SELECT digest, CAST(body AS BLOB) FROM texts")
    for done, (digest, body) in enumerate(rows, start=1):
        if sha256(body).hexdigest() != digest:
            row = tx.execute(
                "SELECT MIN(position) AS p FROM events WHERE instr(data, ?)", (digest,)
            ).fetchone()
            raise Broken(row["p"] or 0, f"the text {digest} was changed")
        if not done % REPORT_EVERY:
            progress(done)
