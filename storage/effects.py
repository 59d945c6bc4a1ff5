"""What each event does to the read model.

The only writer of announcements, subjects and what they can be found by: in the transaction that appends an
event, and when storage.rebuild reads the log again. May not decide anything: it writes what the events say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from datetime import UTC
from typing import Any

from storage.catalogue import FACETS, read_subject
from storage.clock import to_stamp
from storage.database import Tx
from storage.events import Money
from storage.filters import Subject, first_moment, last_moment, words
from storage.log import Recorded

VERSION = 2
"""Of what is written here: a read model that another version wrote is computed again (storage.rebuild)."""


def apply(tx: Tx, event: Recorded) -> None:
    """Bring the read model up to `event`, which follows the last one that was applied."""
    if (effect := _EFFECTS.get(event.type)) and not event.is_redacted:
        effect(tx, event, event.payload)


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
            data["page"],
            event.position,
            int(data["backfill"]),
            int(data["held"]),
            day(data["published_at"], event.recorded_at),
        ),
    )


def day(published_at: str | None, recorded_at: str) -> str:
    """The UTC day on which an announcement was published, as far as it can be told: not behind our record."""
    recorded = recorded_at[:10]
    if not published_at:
        return recorded
    try:
        moment = first_moment(published_at)
        return min(moment.astimezone(UTC).date().isoformat(), recorded)
    except (ValueError, OverflowError):
        return recorded


def _read(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute(
        "UPDATE announcements SET page = ?, published_at = COALESCE(published_at, ?) WHERE id = ?",
        (data["page"], data["published_at"], data["announcement"]),
    )


def _revised(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    changed = {name: change["to"] for name, change in data["changed"].items() if name in _REVISABLE}
    columns = "".join(f"{name} = ?, " for name in changed)
    # Before a reason was given, what was back had lost the mark in its title.
    back = data["reason"] or "title" in changed
    tx.execute(
        f"UPDATE announcements SET {columns}revised = ?{', withdrawn = NULL' if back else ''} WHERE id = ?",
        (*changed.values(), event.position, data["announcement"]),
    )


_REVISABLE = ("title", "url", "summary", "published_at", "text", "page")


def _withdrawn(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute("UPDATE announcements SET withdrawn = ? WHERE id = ?", (event.position, data["announcement"]))


def _announced(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        _announced_again(tx, event, data, number)
        return
    subject = _subject_of(event, data)
    same = ("id", "kind", "title", "url", "summary", "source", "announcement", "opens", "closes", "zone")
    lists = (*FACETS.values(), "money", "evidence")
    row = {name: getattr(subject, name) for name in same} | {name: json.dumps(data[name]) for name in lists}
    row |= {"announced": event.position, "latest": event.position}
    row |= {"backfill": int(data["backfill"]), "held": int(data["held"])}
    row |= {"opens_at": _opens_at(subject), "closes_at": _closes_at(subject)}
    tx.execute(
        f"INSERT INTO subjects ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )
    tx.execute(
        "INSERT INTO subject_events (position, subject) VALUES (?, ?)", (event.position, event.position)
    )
    _index_facets(tx, subject, [event.position])
    _index_words(tx, subject, [event.position])
    _index_money(tx, subject, event.position)
    if not data["held"]:
        _count(tx, f"{subject.kind}s", 1)


def _subject_of(event: Recorded, data: dict[str, Any]) -> Subject:
    """The subject as it is announced."""
    return Subject(
        id=data["subject"],
        kind="call" if event.type.startswith("Call") else "initiative",
        title=data["title"],
        url=data["url"],
        summary=data["summary"],
        source=data["source"],
        announcement=data["announcement"],
        technologies=tuple(data["technologies"]),
        countries=tuple(data["countries"]),
        bodies=tuple(data["bodies"]),
        money=tuple(Money(**item) for item in data["money"]),
        opens=data["opens"],
        closes=data["closes"],
        closed=False,
        zone=data["zone"],
    )


def _announced_again(tx: Tx, event: Recorded, data: dict[str, Any], number: int) -> None:
    """Told anew, as news: by a source to which it is new, behind one that had it in its archive."""
    before = _visible(tx, number)
    tx.execute(
        "UPDATE subjects SET backfill = ?, held = ? WHERE announced = ?",
        (int(data["backfill"]), int(data["held"]), number),
    )
    # A third source that shows it has no more to tell.
    tx.execute("UPDATE announcements SET backfill = 0, held = 0 WHERE id = ?", (data["announcement"],))
    _happened(tx, event, number)
    _index(tx, number, frozenset(), position=event.position)
    _recount(tx, number, before)


def _changed(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        _set(tx, number, data["changed"])
        _happened(tx, event, number)
        _index(tx, number, data["changed"].keys(), position=event.position)


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
    _index(tx, number, data["changed"].keys())


def _corrected(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    """Nor is this."""
    if (number := _number(tx, data["subject"])) is None:
        return
    changed = data["changed"]
    before = _visible(tx, number)
    _set(tx, number, changed)
    if "twin" in changed:
        tx.execute("DELETE FROM twins WHERE id = ?", (changed["twin"]["from"],))
    if "retracted" in changed:
        retracted = event.position if changed["retracted"]["to"] else None
        tx.execute("UPDATE subjects SET retracted = ? WHERE announced = ?", (retracted, number))
    _index(tx, number, changed.keys())
    _recount(tx, number, before)


def _closed(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    if (number := _number(tx, data["subject"])) is not None:
        tx.execute("UPDATE subjects SET closed = ? WHERE announced = ?", (event.position, number))
        if not data["backfill"]:  # else nobody was ever told that it was open
            _happened(tx, event, number)
            _index(tx, number, frozenset(), position=event.position)


def _released(tx: Tx, event: Recorded, data: dict[str, Any]) -> None:
    tx.execute("UPDATE announcements SET held = 0 WHERE source = ? AND held", (data["source"],))
    for row in tx.execute(
        "SELECT kind, COUNT(*) AS shown FROM subjects WHERE source = ? AND held AND retracted IS NULL"
        " GROUP BY kind",
        (data["source"],),
    ).fetchall():
        _count(tx, f"{row['kind']}s", row["shown"])
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


def _index(tx: Tx, number: int, changed: Set[str], *, position: int | None = None) -> None:
    """Write down what a subject that is there already can be found by: anew where the facts `changed`, and
    for its event at `position`, where it has one more."""
    row = tx.execute("SELECT * FROM subjects WHERE announced = ?", (number,)).fetchone()
    now = read_subject(row)
    if changed & _FACETED:
        tx.execute(
            "DELETE FROM facets WHERE position IN (SELECT position FROM subject_events WHERE subject = ?)",
            (number,),
        )
    _index_facets(tx, now, _to_index(tx, number, position, anew=bool(changed & _FACETED)))
    _index_words(tx, now, _to_index(tx, number, position, anew=bool(changed & _SEARCHED)))
    if "money" in changed:
        tx.execute("DELETE FROM amounts WHERE subject = ?", (number,))
        _index_money(tx, now, number)
    if changed & {"opens", "closes", "zone"}:
        tx.execute(
            "UPDATE subjects SET opens_at = ?, closes_at = ? WHERE announced = ?",
            (_opens_at(now), _closes_at(now), number),
        )


def _index_facets(tx: Tx, subject: Subject, positions: Sequence[int]) -> None:
    pairs = {("kind", subject.kind), ("source", subject.source)}
    pairs |= {(name, value) for name, column in FACETS.items() for value in getattr(subject, column)}
    for position in positions:
        tx.execute(
            "INSERT INTO facets (name, value, position)"
            " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ? FROM json_each(?)",
            (position, json.dumps(sorted(pairs))),
        )


def _index_words(tx: Tx, subject: Subject, positions: Sequence[int]) -> None:
    said = " ".join(words(f"{subject.title} {subject.summary}"))
    for position in positions:
        tx.execute("INSERT OR REPLACE INTO subjects_search (rowid, words) VALUES (?, ?)", (position, said))


def _index_money(tx: Tx, subject: Subject, number: int) -> None:
    for currency, amount in {(item.currency, float(item.amount)) for item in subject.money}:
        tx.execute(
            "INSERT INTO amounts (currency, amount, subject) VALUES (?, ?, ?)", (currency, amount, number)
        )


def _opens_at(subject: Subject) -> str | None:
    return to_stamp(first_moment(subject.opens, subject.zone)) if subject.opens else None


def _closes_at(subject: Subject) -> str | None:
    return to_stamp(last_moment(subject.closes, subject.zone)) if subject.closes else None


def _to_index(tx: Tx, number: int, position: int | None, *, anew: bool) -> list[int]:
    """The events of a subject that are to be found in another way: the one at `position`, or all."""
    if anew:
        rows = tx.execute("SELECT position FROM subject_events WHERE subject = ?", (number,))
        return [row["position"] for row in rows.fetchall()]
    return [] if position is None else [position]


_FACETED = frozenset(FACETS.values())
_SEARCHED = frozenset({"title", "summary"})


def _visible(tx: Tx, number: int) -> bool:
    """Whether the subject is shown: neither held nor taken back."""
    row = tx.execute("SELECT held, retracted FROM subjects WHERE announced = ?", (number,)).fetchone()
    return not row["held"] and row["retracted"] is None


def _recount(tx: Tx, number: int, before: bool) -> None:
    """Count the subject in or out, where whether it is shown has changed."""
    if (now := _visible(tx, number)) != before:
        row = tx.execute("SELECT kind FROM subjects WHERE announced = ?", (number,)).fetchone()
        _count(tx, f"{row['kind']}s", 1 if now else -1)


def _count(tx: Tx, name: str, by: int) -> None:
    tx.execute("UPDATE model SET value = value + ? WHERE name = ?", (by, name))


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
