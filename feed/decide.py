"""What a poll has shown, turned into events.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from feed import diff
from feed.diff import Change, Known, New, Revised
from feed.extract import Found, extract
from feed.parse import Entry
from feed.source import Source
from storage.cursors import Sighting
from storage.events import (
    ANNOUNCED,
    CHANGED,
    AnnouncementPublished,
    AnnouncementRevised,
    AnnouncementWithdrawn,
    CallClosed,
    Event,
    Evidence,
    Money,
)
from storage.filters import Subject

FACTS = ("technologies", "countries", "bodies", "money", "opens", "closes")
"""What can change in the life of a subject. Its title and summary are only words."""

_WITHDRAWN = re.compile(r"(?:[\w ]{3,40}:)?\s*(?:\[withdrawn\]|withdrawn\s*[:–-])", re.IGNORECASE)
"""How GOV.UK marks a title, with or without the document type that its organisation feeds put in front."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to record, in one transaction: the events in order, the sightings, the long texts."""

    events: tuple[Event, ...]
    sightings: tuple[Sighting, ...]
    texts: tuple[str, ...]


def decide(
    source: Source,
    changes: Sequence[Change],
    subjects: Mapping[str, Sequence[Subject]],
    *,
    backfill: bool,
) -> Decision:
    """The events that the changes of one poll amount to.

    `subjects` are those recorded so far, by announcement; `backfill` marks a first poll, whose new entries
    are recorded and shown but never notified.
    """
    events: list[Event] = []
    for change in changes:
        match change:
            case New():
                events += _new(source, change, backfill)
            case Revised():
                events += _revised(source, change, subjects.get(change.announcement, ()))
            case Known():
                pass
    return Decision(
        events=tuple(events),
        sightings=tuple(_sighting(source.id, change) for change in changes),
        texts=tuple(change.entry.text for change in changes if change.entry.text != change.entry.summary),
    )


def _new(source: Source, change: New, backfill: bool) -> list[Event]:
    entry = change.entry
    published = AnnouncementPublished(
        source=source.id, announcement=change.announcement, backfill=backfill, **diff.shown(entry)
    )
    if _withdrawal(entry):
        return [published, _withdrawn(source, change)]
    announced = [
        _announced(source, change, key, facts, backfill=backfill)
        for key, facts in _read(source, change).items()
    ]
    return [published, *announced]


def _revised(source: Source, change: Revised, known: Sequence[Subject]) -> list[Event]:
    entry = change.entry
    if _withdrawal(entry):
        if _WITHDRAWN.match(change.changed.get("title", {}).get("from", entry.title)):
            return []
        return [_withdrawn(source, change), *_closed(source, change, known)]
    revised = AnnouncementRevised(
        source=source.id,
        announcement=change.announcement,
        title=entry.title,
        url=entry.url,
        changed=change.changed,
    )
    recorded = {subject.id: subject for subject in known}
    events: list[Event] = [revised]
    for key, facts in _read(source, change).items():
        if key in recorded:
            events += _moved(source, change, recorded[key], facts)
        else:
            events.append(_announced(source, change, key, facts, backfill=False))
    return events


def _read(source: Source, change: New | Revised) -> dict[str, Found]:
    """The subjects of an announcement by id: its first call is its first call again after a revision."""
    entry = change.entry
    reading = extract(
        entry.title, entry.text, url=entry.url, published=entry.published_at, publisher=source.publisher
    )
    found: dict[str, Found] = {}
    counted: Counter[str] = Counter()
    for facts in reading.subjects:
        counted[facts.kind] += 1
        key = uuid.uuid5(diff.NAMESPACE, f"{change.announcement}\n{facts.kind}\n{counted[facts.kind]}")
        found[str(key)] = facts
    return found


def _announced(source: Source, change: New | Revised, key: str, facts: Found, *, backfill: bool) -> Event:
    return ANNOUNCED[facts.kind](
        subject=key,
        announcement=change.announcement,
        source=source.id,
        title=facts.title,
        url=change.entry.url,
        summary=facts.summary,
        technologies=facts.technologies,
        countries=facts.countries,
        bodies=facts.bodies,
        money=facts.money,
        opens=facts.opens,
        closes=facts.closes,
        backfill=backfill,
        evidence=facts.evidence,
    )


def _moved(source: Source, change: Revised, before: Subject, after: Found) -> list[Event]:
    """The facts that moved. One that is no longer stated stays what it was: silence is no evidence."""
    changed: dict[str, dict[str, Any]] = {}
    for name in FACTS:
        old, new = getattr(before, name), getattr(after, name)
        if new and _plain(name, old) != _plain(name, new):
            changed[name] = {"from": _json(old), "to": _json(new)}
    if not changed:
        return []
    return [
        CHANGED[before.kind](
            subject=before.id,
            announcement=change.announcement,
            source=source.id,
            title=before.title,
            url=change.entry.url or before.url,
            changed=changed,
            backfill=False,
            evidence=tuple(item for item in after.evidence if item.field in changed),
        )
    ]


def _withdrawal(entry: Entry) -> re.Match[str] | None:
    return _WITHDRAWN.match(entry.title)


def _withdrawn(source: Source, change: New | Revised) -> Event:
    entry = change.entry
    return AnnouncementWithdrawn(
        source=source.id,
        announcement=change.announcement,
        title=entry.title,
        url=entry.url,
        evidence=(Evidence("withdrawn", "title.withdrawn", entry.title),),
    )


def _closed(source: Source, change: Revised, known: Sequence[Subject]) -> list[Event]:
    return [
        CallClosed(
            subject=subject.id,
            announcement=change.announcement,
            source=source.id,
            title=subject.title,
            url=change.entry.url or subject.url,
            reason="the announcement was withdrawn",
        )
        for subject in known
        if subject.kind == "call" and not subject.closed
    ]


def _sighting(source: str, change: Change) -> Sighting:
    entry = change.entry
    return Sighting(
        source, change.announcement, entry.guid, entry.link, diff.fingerprint(entry), diff.shown(entry)
    )


def _plain(name: str, value: Any) -> Any:
    """What counts when facts are compared: not the words that money was read from, nor any order."""
    if name == "money":
        return sorted((item.amount, item.currency, item.role) for item in value)
    return sorted(value) if isinstance(value, tuple) else value


def _json(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    return [asdict(item) if isinstance(item, Money) else item for item in value]
