"""What each event does to the read model.

The only writer of announcements, subjects and what they can be found by: `apply`, in the transaction that
appends the event, and `rebuild`. May not decide anything: it writes down what the events say.
"""

from __future__ import annotations

import json
from typing import Any

from storage import log
from storage.catalogue import FACETS, read_subject
from storage.clock import to_stamp
from storage.database import Tx
from storage.filters import first_moment, last_moment, words
from storage.log import Recorded


def apply(tx: Tx, event: Recorded) -> None:
    """Bring the read model up to `event`, which follows the last one that was applied."""
    if effect := _EFFECTS.get(event.type):
        effect(tx, event, event.payload)


def rebuild(tx: Tx) -> int:
    """Compute the read model again from the log; returns the number of events read."""
    tables = ("twins", "subject_events", "amounts", "facets", "subjects_search", "subjects", "announcements")
    for table in tables:
        tx.execute(f"DELETE FROM {table}")
    count = 0
    for event in log.read(tx):
        apply(tx, event)
        count += 1
    return count


def _published(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute(
        "INSERT INTO announcements"
        " (id, source, title, url, summary, published_at, text, page, position, backfill, held, day)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            data["announcement"],
            data["source"],
            data["title"],
            data["url"],
            data["summary"],
            data["published_at"],
            data["text"],
            data.get("page"),
            event.position,
            int(data["backfill"]),
            int(data.get("held", False)),
            day(data["published_at"], event.recorded_at),
        ),
    )


def day(published_at: str | None, recorded_at: str) -> str:
    """The UTC day on which an announcement was published, as far as it can be told: not behind our record."""
    recorded = recorded_at[:10]
    if not published_at:
        return recorded
    try:
        return min(to_stamp(first_moment(published_at))[:10], recorded)
    except (ValueError, OverflowError):
        return recorded


def _read(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute(
        "UPDATE announcements SET page = ?, published_at = COALESCE(published_at, ?) WHERE id = ?",
        (data["page"], data.get("published_at"), data["announcement"]),
    )


def _revised(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    changed = {name: change["to"] for name, change in data["changed"].items() if name in _REVISABLE}
    columns = "".join(f"{name} = ?, " for name in changed)
    # Before a reason was given, what was back had lost the mark in its title.
    back = bool(data.get("reason")) or "title" in changed
    tx.execute(
        f"UPDATE announcements SET {columns}revised = ?{', withdrawn = NULL' if back else ''} WHERE id = ?",
        (*changed.values(), event.position, data["announcement"]),
    )


_REVISABLE = ("title", "url", "summary", "published_at", "text", "page")


def _withdrawn(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute("UPDATE announcements SET withdrawn = ? WHERE id = ?", (event.position, data["announcement"]))


def _announced(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        # Told anew, as news: by a source to which it is new, behind one that had it in its archive.
        tx.execute(
            "UPDATE subjects SET backfill = ?, held = ? WHERE announced = ?",
            (int(data["backfill"]), int(data.get("held", False)), number),
        )
        # A third source that shows it has no more to tell.
        tx.execute("UPDATE announcements SET backfill = 0, held = 0 WHERE id = ?", (data["announcement"],))
        _happened(tx, event, number)
        return
    kind = "call" if event.type.startswith("Call") else "initiative"
    plain = ("title", "url", "summary", "source", "announcement")
    lists = (*FACETS.values(), "money", "evidence")
    columns = [
        "announced",
        "latest",
        "id",
        "kind",
        "backfill",
        "held",
        *plain,
        *lists,
        "opens",
        "closes",
        "zone",
    ]
    values = [event.position, event.position, data["subject"], kind]
    values += [int(data["backfill"]), int(data.get("held", False))]
    values += [data[name] for name in plain] + [json.dumps(data[name]) for name in lists]
    values += [data["opens"], data["closes"], data.get("zone")]
    marks = ", ".join("?" * len(columns))
    tx.execute(f"INSERT INTO subjects ({', '.join(columns)}) VALUES ({marks})", values)
    _happened(tx, event, event.position)
    _index(tx, event.position)


def _changed(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        _set(tx, number, data["changed"])
        _happened(tx, event, number)
        _index(tx, number)


def _set(tx: Tx, number: int, changed: dict[str, Any]) -> None:
    for name, change in changed.items():
        if name in (*FACETS.values(), "money"):
            tx.execute(
                f"UPDATE subjects SET {name} = ? WHERE announced = ?", (json.dumps(change["to"]), number)
            )
        elif name in ("opens", "closes", "zone", "title", "summary"):
            tx.execute(f"UPDATE subjects SET {name} = ? WHERE announced = ?", (change["to"], number))
        elif name == "closed":
            tx.execute("UPDATE subjects SET closed = NULL WHERE announced = ?", (number,))


def _linked(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    """Not among the events of subjects that listings show: it is no news."""
    if (number := _number(tx, data["subject"])) is None:
        return
    tx.execute(
        "INSERT INTO twins (id, subject, announcement, source, title, url, reason, position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            data["twin"],
            number,
            *(data[name] for name in ("announcement", "source", "title", "url", "reason")),
            event.position,
        ),
    )
    _set(tx, number, data["changed"])
    _index(tx, number)


def _corrected(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    """Nor is this."""
    if (number := _number(tx, data["subject"])) is None:
        return
    changed = data["changed"]
    _set(tx, number, changed)
    if "twin" in changed:
        tx.execute("DELETE FROM twins WHERE id = ?", (changed["twin"]["from"],))
    if "retracted" in changed:
        retracted = event.position if changed["retracted"]["to"] else None
        tx.execute("UPDATE subjects SET retracted = ? WHERE announced = ?", (retracted, number))
    _index(tx, number)


def _closed(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        tx.execute("UPDATE subjects SET closed = ? WHERE announced = ?", (event.position, number))
        if not data.get("backfill"):  # else nobody was ever told that it was open
            _happened(tx, event, number)


def _released(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute("UPDATE announcements SET held = 0 WHERE source = ? AND held", (data["source"],))
    tx.execute(
        "UPDATE subjects SET held = 0, released = ? WHERE source = ? AND held",
        (event.position if data["told"] else None, data["source"]),
    )


def _number(tx: Tx, key: str) -> int | None:
    row = tx.execute("SELECT announced FROM subjects WHERE id = ?", (key,)).fetchone()
    return row["announced"] if row else None


def _happened(tx: Tx, event: Recorded, number: int) -> None:
    tx.execute("INSERT INTO subject_events (position, subject) VALUES (?, ?)", (event.position, number))
    tx.execute("UPDATE subjects SET latest = ? WHERE announced = ?", (event.position, number))


def _index(tx: Tx, number: int) -> None:
    """Write anew what the subject can be found by."""
    row = tx.execute("SELECT * FROM subjects WHERE announced = ?", (number,)).fetchone()
    now = read_subject(row)
    tx.execute("DELETE FROM facets WHERE subject = ?", (number,))
    tx.execute("DELETE FROM amounts WHERE subject = ?", (number,))
    for name, column in FACETS.items():
        for value in sorted(set(getattr(now, column))):
            tx.execute("INSERT INTO facets (name, value, subject) VALUES (?, ?, ?)", (name, value, number))
    for money in now.money:
        tx.execute(
            "INSERT INTO amounts (subject, currency, amount) VALUES (?, ?, ?)",
            (number, money.currency, float(money.amount)),
        )
    tx.execute(
        "UPDATE subjects SET opens_at = ?, closes_at = ? WHERE announced = ?",
        (
            to_stamp(first_moment(now.opens, now.zone)) if now.opens else None,
            to_stamp(last_moment(now.closes, now.zone)) if now.closes else None,
            number,
        ),
    )
    tx.execute(
        "INSERT OR REPLACE INTO subjects_search (rowid, words) VALUES (?, ?)",
        (number, " ".join(words(f"{now.title} {now.summary}"))),
    )


_EFFECTS = {
    "AnnouncementPublished": _published,
    "AnnouncementRead": _read,
    "AnnouncementRevised": _revised,
    "AnnouncementWithdrawn": _withdrawn,
    "InitiativeAnnounced": _announced,
    "CallAnnounced": _announced,
    "InitiativeChanged": _changed,
    "CallChanged": _changed,
    "CallClosed": _closed,
    "SubjectLinked": _linked,
    "SubjectCorrected": _corrected,
    "SourceReleased": _released,
}
