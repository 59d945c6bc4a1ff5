"""Deliveries: what is owed to whom, claimed before it is sent and settled afterwards; checkpoints.

With storage.people the only SQL that touches personal data. May not decide when a delivery is due and
may not send anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.clock import to_stamp
from storage.database import Tx

CONFIRMATION = 0
"""The position that stands for the request to confirm a subscription: no event has it."""

BATCH = 50
"""So many events travel in one message at most."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The deliveries of one subscription that travel in one message. `id` is fixed before the first try,
    so that a message that is sent twice says so by its Message-ID. `tried_at`, a UTC stamp, is when it was
    claimed first; `attempts` counts this one."""

    id: str
    subscription: str
    positions: tuple[int, ...]
    attempts: int
    tried_at: str


def owe(tx: Tx, subscription: str, position: int, now: datetime, due: datetime) -> bool:
    """Owe an event to a subscription, once; whether it was not owed before."""
    return (
        tx.execute(
            "INSERT INTO deliveries (subscription, position, owed_at, due_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (subscription, position, to_stamp(now), to_stamp(due)),
        ).rowcount
        > 0
    )


def ask(tx: Tx, subscription: str, now: datetime) -> None:
    """Owe the request to confirm a subscription; again when the last one has left."""
    tx.execute(
        "INSERT INTO deliveries (subscription, position, owed_at, due_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (subscription, position) DO UPDATE SET state = 'pending', batch = NULL, attempts = 0,"
        " error = NULL, tried_at = NULL, owed_at = excluded.owed_at, due_at = excluded.due_at"
        " WHERE state <> 'pending'",
        (subscription, CONFIRMATION, to_stamp(now), to_stamp(now)),
    )


def asked_at(tx: Tx, subscription: str) -> str | None:
    """When the last request to confirm was owed, as a UTC stamp, or None."""
    row = tx.execute(
        "SELECT owed_at FROM deliveries WHERE subscription = ? AND position = ?", (subscription, CONFIRMATION)
    ).fetchone()
    return row["owed_at"] if row else None


def asked_since(tx: Tx, subscriber: str, since: datetime) -> int:
    """How many requests to confirm were owed to a person since then."""
    row = tx.execute(
        "SELECT COUNT(*) AS n FROM deliveries d JOIN subscriptions s ON s.id = d.subscription"
        " WHERE s.subscriber = ? AND d.position = ? AND d.owed_at >= ?",
        (subscriber, CONFIRMATION, to_stamp(since)),
    ).fetchone()
    return int(row["n"])


def claim(tx: Tx, now: datetime, until: datetime, holder: str) -> Batch | None:
    """Take the batch that is due longest, ours until `until`; None when nothing is due.

    A batch that was claimed before and not settled comes back as it was.
    """
    stamp = to_stamp(now)
    first = tx.execute(
        "SELECT * FROM deliveries WHERE state = 'pending' AND due_at <= ?"
        " AND (lease_until IS NULL OR lease_until <= ?) ORDER BY due_at, id LIMIT 1",
        (stamp, stamp),
    ).fetchone()
    if first is None:
        return None
    batch = first["batch"] or _compose(tx, first["subscription"], first["position"], stamp)
    tx.execute(
        "UPDATE deliveries SET lease_holder = ?, lease_until = ?, attempts = attempts + 1,"
        " tried_at = COALESCE(tried_at, ?) WHERE batch = ? AND state = 'pending'",
        (holder, to_stamp(until), stamp, batch),
    )
    rows = tx.execute(
        "SELECT * FROM deliveries WHERE batch = ? AND state = 'pending' ORDER BY position", (batch,)
    ).fetchall()
    return Batch(
        batch,
        rows[0]["subscription"],
        tuple(row["position"] for row in rows),
        rows[0]["attempts"],
        rows[0]["tried_at"],
    )


def settle(tx: Tx, batch: Batch, holder: str, now: datetime) -> bool:
    """The message has left; whether the lease was still ours."""
    return _end(tx, batch, holder, now, "sent", None)


def fail(tx: Tx, batch: Batch, holder: str, now: datetime, error: str) -> bool:
    """The message can never be delivered; whether the lease was still ours."""
    return _end(tx, batch, holder, now, "failed", error)


def postpone(tx: Tx, batch: Batch, holder: str, due: datetime, error: str) -> bool:
    """The message could not leave this time: the same batch again at `due`."""
    return (
        tx.execute(
            "UPDATE deliveries SET due_at = ?, error = ?, lease_holder = NULL, lease_until = NULL"
            " WHERE batch = ? AND state = 'pending' AND lease_holder = ?",
            (to_stamp(due), error, batch.id, holder),
        ).rowcount
        > 0
    )


def pending(tx: Tx) -> int:
    """How many deliveries are owed, due or not."""
    row = tx.execute("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'pending'").fetchone()
    return int(row["n"])


def due(tx: Tx, now: datetime) -> list[tuple[str, int, str]]:
    """What is due, as (address, position, cadence)."""
    rows = tx.execute(
        "SELECT r.email, d.position, n.cadence FROM deliveries d"
        " JOIN subscriptions n ON n.id = d.subscription JOIN subscribers r ON r.id = n.subscriber"
        " WHERE d.state = 'pending' AND d.due_at <= ? ORDER BY d.due_at, d.id",
        (to_stamp(now),),
    )
    return [(row["email"], row["position"], row["cadence"]) for row in rows]


def checkpoint(tx: Tx, consumer: str) -> int:
    """How far the consumer has read the log."""
    row = tx.execute("SELECT position FROM checkpoints WHERE consumer = ?", (consumer,)).fetchone()
    return int(row["position"]) if row else 0


def move_checkpoint(tx: Tx, consumer: str, position: int) -> None:
    """The consumer has read up to `position`."""
    tx.execute(
        "INSERT INTO checkpoints (consumer, position) VALUES (?, ?)"
        " ON CONFLICT (consumer) DO UPDATE SET position = excluded.position",
        (consumer, position),
    )


def holders(tx: Tx) -> set[str]:
    """Who holds leases on deliveries."""
    rows = tx.execute("SELECT DISTINCT lease_holder FROM deliveries WHERE lease_holder IS NOT NULL")
    return {row["lease_holder"] for row in rows}


def release(tx: Tx, holder: str) -> None:
    """Give back the leases of a holder that is known to be gone."""
    tx.execute(
        "UPDATE deliveries SET lease_holder = NULL, lease_until = NULL WHERE lease_holder = ?", (holder,)
    )


def _compose(tx: Tx, subscription: str, position: int, stamp: str) -> str:
    """Fix which of the due deliveries of a subscription travel together; the batch's id."""
    alone = position == CONFIRMATION
    rows = tx.execute(
        "SELECT id, position, due_at FROM deliveries WHERE subscription = ? AND state = 'pending'"
        " AND batch IS NULL AND due_at <= ? AND (position = ?) = ? ORDER BY position LIMIT ?",
        (subscription, stamp, CONFIRMATION, alone, BATCH),
    ).fetchall()
    batch = _batch_id(subscription, [f"{row['position']}@{row['due_at']}" for row in rows])
    for row in rows:
        tx.execute("UPDATE deliveries SET batch = ? WHERE id = ?", (batch, row["id"]))
    return batch


def _batch_id(subscription: str, parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((subscription, *parts)).encode()).hexdigest()[:32]


def _end(tx: Tx, batch: Batch, holder: str, now: datetime, state: str, error: str | None) -> bool:
    return (
        tx.execute(
            "UPDATE deliveries SET state = ?, error = ?, settled_at = ?, lease_holder = NULL,"
            " lease_until = NULL WHERE batch = ? AND state = 'pending' AND lease_holder = ?",
            (state, error, to_stamp(now), batch.id, holder),
        ).rowcount
        > 0
    )
