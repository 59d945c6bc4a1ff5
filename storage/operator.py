"""What the operator was told of sources, and the letters that are on their way to tell it.

Part of people.db, since it knows the operator's address. May not decide what is told and may not send
anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from storage.clock import to_stamp
from storage.database import Tx


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell of a source. `what` is `failing`, `held` or `ended` for a trouble that has begun, and
    says how it ended for one that is over. `kind`, `position` and `since` (a UTC stamp) are the trouble's;
    `common` is what its reason has in common with others. `url` has no password."""

    what: str
    source: str
    name: str
    url: str
    kind: str
    position: int
    since: str
    reason: str
    common: str

    @property
    def begins(self) -> bool:
        """Whether the trouble has begun; else it is over."""
        return self.what == self.kind


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble that the operator was told of. `over_at` None: not yet that it is over."""

    source: str
    kind: str
    position: int
    name: str
    common: str
    since: str
    told_at: str
    over_at: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one address. `id` is fixed before the first try, so that a letter that is sent twice says
    so by its Message-ID; moments are UTC stamps, `attempts` counts this one."""

    id: str
    recipient: str
    news: tuple[News, ...]
    made_at: str
    tried_at: str
    attempts: int


def told(tx: Tx) -> list[Told]:
    """All that is known to have been told; what is over as long as it is kept."""
    return [Told(**dict(row)) for row in tx.execute("SELECT * FROM troubles ORDER BY source, kind")]


def owe(tx: Tx, news: Sequence[News], recipients: Sequence[str], now: datetime, kept: datetime) -> None:
    """Write a letter with these news to each address, and down that they are told. What was over before
    `kept` is forgotten."""
    stamp = to_stamp(now)
    tx.execute("DELETE FROM troubles WHERE over_at < ?", (to_stamp(kept),))
    for item in news:
        if item.begins:
            _begin(tx, item, stamp)
        else:
            tx.execute(
                "UPDATE troubles SET over_at = ? WHERE source = ? AND kind = ?",
                (stamp, item.source, item.kind),
            )
    text = json.dumps([asdict(item) for item in news], ensure_ascii=False)
    for recipient in recipients:
        tx.execute(
            "INSERT INTO letters (id, recipient, news, made_at, due_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (_letter_id(news), recipient, text, stamp, stamp),
        )


def claim(tx: Tx, now: datetime, until: datetime, holder: str) -> Letter | None:
    """Take the letter that is due longest, ours until `until`; None when none is due."""
    stamp = to_stamp(now)
    row = tx.execute(
        "UPDATE letters SET lease_holder = ?, lease_until = ?, attempts = attempts + 1,"
        " tried_at = COALESCE(tried_at, ?) WHERE rowid = (SELECT rowid FROM letters WHERE due_at <= ?"
        " AND (lease_until IS NULL OR lease_until <= ?) ORDER BY due_at, id LIMIT 1) RETURNING *",
        (holder, to_stamp(until), stamp, stamp, stamp),
    ).fetchone()
    if row is None:
        return None
    news = tuple(News(**item) for item in json.loads(row["news"]))
    return Letter(row["id"], row["recipient"], news, row["made_at"], row["tried_at"], row["attempts"])


def settle(tx: Tx, letter: Letter, holder: str) -> None:
    """The letter has arrived."""
    tx.execute(
        "DELETE FROM letters WHERE id = ? AND recipient = ? AND lease_holder = ?",
        (letter.id, letter.recipient, holder),
    )


def postpone(tx: Tx, letter: Letter, holder: str, due: datetime, error: str) -> None:
    """The letter could not leave this time: again at `due`."""
    tx.execute(
        "UPDATE letters SET due_at = ?, error = ?, lease_holder = NULL, lease_until = NULL"
        " WHERE id = ? AND recipient = ? AND lease_holder = ?",
        (to_stamp(due), error, letter.id, letter.recipient, holder),
    )


def waiting(tx: Tx, now: datetime) -> bool:
    """Whether a letter is due."""
    return (
        tx.execute("SELECT 1 FROM letters WHERE due_at <= ? LIMIT 1", (to_stamp(now),)).fetchone() is not None
    )


def recipients(tx: Tx) -> set[str]:
    """Whom letters are on their way to."""
    return {row["recipient"] for row in tx.execute("SELECT DISTINCT recipient FROM letters")}


def readdress(tx: Tx, wanted: Sequence[str], now: datetime) -> None:
    """Send letters that are on their way to other addresses to the first of these instead, at once."""
    others = json.dumps(list(wanted))
    elsewhere = "recipient NOT IN (SELECT value FROM json_each(?))"
    tx.execute(
        f"UPDATE OR IGNORE letters SET recipient = ?, due_at = ? WHERE {elsewhere}",
        (wanted[0], to_stamp(now), others),
    )
    tx.execute(f"DELETE FROM letters WHERE {elsewhere}", (others,))


def holders(tx: Tx) -> set[str]:
    """Who holds leases on letters."""
    rows = tx.execute("SELECT DISTINCT lease_holder FROM letters WHERE lease_holder IS NOT NULL")
    return {row["lease_holder"] for row in rows}


def release(tx: Tx, holder: str) -> None:
    """Give back the leases of a holder that is known to be gone."""
    tx.execute("UPDATE letters SET lease_holder = NULL, lease_until = NULL WHERE lease_holder = ?", (holder,))


def forget(tx: Tx) -> None:
    """Nobody is told any more: keep nothing."""
    tx.execute("DELETE FROM letters")
    tx.execute("DELETE FROM troubles")


def _begin(tx: Tx, item: News, stamp: str) -> None:
    if item.kind == "ended":  # which it is instead of failing
        tx.execute("DELETE FROM troubles WHERE source = ? AND kind = 'failing'", (item.source,))
    tx.execute(
        "INSERT INTO troubles (source, kind, position, name, common, since, told_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, kind) DO UPDATE SET position = excluded.position,"
        " name = excluded.name, common = excluded.common, since = excluded.since,"
        " told_at = excluded.told_at, over_at = NULL",
        (item.source, item.kind, item.position, item.name, item.common, item.since, stamp),
    )


def _letter_id(news: Sequence[News]) -> str:
    parts = sorted(f"{item.what} {item.source} {item.position}" for item in news)
    return hashlib.sha256("\n".join(("operator", *parts)).encode()).hexdigest()[:32]
