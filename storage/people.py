"""Subscribers and subscriptions: with storage.outbox the only SQL that touches personal data.

May not read the log and may not send anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from storage.clock import to_stamp
from storage.database import Tx

CADENCES = ("immediate", "daily", "weekly")


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants what, how often. `filter` is a canonical query string (storage.filters.to_query);
    `confirmed_at` None means that the person has not confirmed; events behind `after` are owed."""

    id: str
    subscriber: str
    email: str
    filter: str
    cadence: str
    created_at: str
    confirmed_at: str | None
    after: int | None


_SELECT = (
    "SELECT n.id, n.subscriber, r.email, n.filter, n.cadence, n.created_at, n.confirmed_at, n.after"
    " FROM subscriptions n JOIN subscribers r ON r.id = n.subscriber"
)


def fold(email: str) -> str:
    """The form in which two spellings of one address are the same."""
    return email.strip().lower()


def subscribe(tx: Tx, email: str, wanted: str, cadence: str, now: datetime) -> Subscription:
    """The subscription of this address with this filter, made if there is none; not confirmed by this.

    A subscription that waits for confirmation takes the new cadence; a confirmed one stays as it is.
    """
    stamp = to_stamp(now)
    tx.execute(
        "INSERT INTO subscribers (id, email, address, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (_new_id(), email, fold(email), stamp),
    )
    tx.execute(
        "INSERT INTO subscriptions (id, subscriber, filter, cadence, created_at)"
        " SELECT ?, id, ?, ?, ? FROM subscribers WHERE address = ? ON CONFLICT (subscriber, filter) DO UPDATE"
        " SET cadence = CASE WHEN confirmed_at IS NULL THEN excluded.cadence ELSE cadence END",
        (_new_id(), wanted, cadence, stamp, fold(email)),
    )
    row = tx.execute(f"{_SELECT} WHERE r.address = ? AND n.filter = ?", (fold(email), wanted)).fetchone()
    return Subscription(**dict(row))


def confirm(tx: Tx, key: str, after: int, now: datetime) -> Subscription | None:
    """The person's word: from position `after` on, events are owed. None when there is no such
    subscription; a second confirmation changes nothing."""
    tx.execute(
        "UPDATE subscriptions SET confirmed_at = ?, after = ? WHERE id = ? AND confirmed_at IS NULL",
        (to_stamp(now), after, key),
    )
    return get(tx, key)


def get(tx: Tx, key: str) -> Subscription | None:
    """The subscription with this id, or None."""
    row = tx.execute(f"{_SELECT} WHERE n.id = ?", (key,)).fetchone()
    return Subscription(**dict(row)) if row else None


def confirmed(tx: Tx) -> Iterator[Subscription]:
    """All subscriptions that a person has confirmed."""
    rows = tx.execute(f"{_SELECT} WHERE n.confirmed_at IS NOT NULL ORDER BY n.id")
    return (Subscription(**dict(row)) for row in rows)


def everyone(tx: Tx) -> list[Subscription]:
    """All subscriptions, by address."""
    return [Subscription(**dict(row)) for row in tx.execute(f"{_SELECT} ORDER BY r.address, n.created_at")]


def of(tx: Tx, email: str) -> list[Subscription]:
    """The subscriptions of one address."""
    rows = tx.execute(f"{_SELECT} WHERE r.address = ? ORDER BY n.created_at", (fold(email),))
    return [Subscription(**dict(row)) for row in rows]


def change_cadence(tx: Tx, key: str, cadence: str) -> None:
    """From now on, this often."""
    tx.execute("UPDATE subscriptions SET cadence = ? WHERE id = ?", (cadence, key))


def end(tx: Tx, key: str) -> bool:
    """End a subscription, and forget a person who has no other; whether there was one."""
    ended = tx.execute("DELETE FROM subscriptions WHERE id = ?", (key,)).rowcount > 0
    _forget_the_idle(tx)
    return ended


def erase(tx: Tx, email: str) -> bool:
    """Forget a person: the address, the subscriptions, what was owed; whether there was one."""
    return tx.execute("DELETE FROM subscribers WHERE address = ?", (fold(email),)).rowcount > 0


def expire(tx: Tx, before: datetime) -> int:
    """Forget requests that were made (or made again) before this moment and never confirmed; how many."""
    expired = tx.execute(
        "DELETE FROM subscriptions WHERE confirmed_at IS NULL AND created_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.subscription = subscriptions.id AND d.position = 0"
        " AND d.owed_at >= ?)",
        (to_stamp(before), to_stamp(before)),
    ).rowcount
    _forget_the_idle(tx)
    return expired


def export(tx: Tx, email: str) -> dict[str, Any] | None:
    """Everything that is kept about a person, ready for JSON; None when nothing is."""
    row = tx.execute("SELECT * FROM subscribers WHERE address = ?", (fold(email),)).fetchone()
    if row is None:
        return None
    deliveries = tx.execute(
        "SELECT d.subscription, d.position, d.state, d.owed_at, d.due_at, d.settled_at, d.error"
        " FROM deliveries d JOIN subscriptions n ON n.id = d.subscription WHERE n.subscriber = ?"
        " ORDER BY d.id",
        (row["id"],),
    )
    return {
        "subscriber": dict(row),
        "subscriptions": [asdict(subscription) for subscription in of(tx, email)],
        "deliveries": [dict(delivery) for delivery in deliveries],
    }


def _forget_the_idle(tx: Tx) -> None:
    tx.execute("DELETE FROM subscribers WHERE id NOT IN (SELECT subscriber FROM subscriptions)")


def _new_id() -> str:
    return secrets.token_hex(16)
