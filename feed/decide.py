"""What a poll has shown, turned into events.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from feed import diff
from feed.diff import Change, Known, New, Renumbered, Revised
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
    SubjectAnnounced,
)
from storage.filters import Subject

FACTS = ("technologies", "countries", "bodies", "money", "opens", "closes")
"""What can change in the life of a subject, beside its name and whether it is open."""

RESTLESS = 3
"""An entry that changed at more polls in a row than this has a clock in it: its edits are told only where
facts changed."""

_WITHDRAWN = re.compile(r"(?:[\w ]{3,40}:)?\s*(?:\[withdrawn\]|withdrawn\s*[:–-])", re.IGNORECASE)
"""How GOV.UK marks a title, with or without the document type that its organisation feeds put in front."""

Read = Callable[[str, str, str, str | None], tuple[Found, ...]]
"""What the rules read: from title, text, address and publication date to the subjects."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is recorded already of the announcements that a poll shows.

    `subjects` by announcement; `news` are the announcements that another source's first poll recorded as
    backfill since this source was polled last, or that are held as part of another's flood: here they are
    news; `texts` are the long texts that were shown before, by digest; `held` are the announcements that
    are held.
    """

    subjects: Mapping[str, Sequence[Subject]]
    news: Set[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    held: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to record, in one transaction: the events in order, the sightings, the long texts. `new` counts
    the announcements among the events, `restless` the entries that change at every poll; `held` counts
    the announcements that are held back."""

    events: tuple[Event, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    texts: tuple[str, ...] = ()
    new: int = 0
    restless: int = 0
    held: int = 0


def reader(source: Source) -> Read:
    """Reads for one source, each text once."""

    @cache
    def read(title: str, text: str, url: str, published: str | None) -> tuple[Found, ...]:
        return extract(title, text, url=url, published=published, publisher=source.publisher).subjects

    return read


def decide(
    source: Source,
    changes: Sequence[Change],
    past: Past,
    read: Read,
    *,
    backfill: bool,
    explained: int,
    stamp: str,
) -> Decision:
    """The events that the changes of one poll amount to; `stamp` is the poll's.

    `backfill` marks a first poll, whose new entries are recorded and shown but never notified. Where there
    are more of them than the source's past has `explained`, they are held (the flood guard).
    """
    news = sum(isinstance(change, New) or change.announcement in past.news for change in changes)
    status = Status(backfill, held=not backfill and news > explained)
    events: list[Event] = []
    for change in changes:
        known = past.subjects.get(change.announcement, ())
        match change:
            case New():
                events += _new(source, change, read, status)
            case Known():
                events += _known(source, change, known, read, past, status)
            case Renumbered():
                pass  # only its guid and address are noted
            case Revised():
                events += _revised(source, change, known, read, past)
    return Decision(
        events=tuple(events),
        sightings=tuple(_sighting(source.id, change, stamp, _is_told(change, events)) for change in changes),
        texts=tuple(text for change in changes if (text := _text(change, events))),
        new=sum(isinstance(change, New) for change in changes),
        restless=sum(_restless(change) for change in changes),
        held=len(_held(events) - past.held),
    )


@dataclass(frozen=True, slots=True)
class Status:
    """What keeps new entries from being told: that they are old, or that they are too many."""

    backfill: bool = False
    held: bool = False


def _new(source: Source, change: New, read: Read, status: Status) -> list[Event]:
    entry = change.entry
    published = AnnouncementPublished(
        source=source.id, announcement=change.announcement, **asdict(status), **diff.shown(entry)
    )
    if _withdrawal(entry):
        return [published, _withdrawn(source, change)]
    found = _subjects(change.announcement, read(entry.title, entry.text, entry.url, entry.published_at))
    return [published, *(_announced(source, change, key, found[key], status) for key in found)]


def _known(
    source: Source, change: Known, known: Sequence[Subject], read: Read, past: Past, status: Status
) -> list[Event]:
    """What another source told already: its subjects are news only where that one told none of them, or
    told them as part of its archive, or in a flood, while they are new here."""
    entry = change.entry
    again = change.announcement in past.news and not status.backfill and not status.held
    if (known and not again) or _withdrawal(entry):
        return []
    found = _subjects(change.announcement, read(entry.title, entry.text, entry.url, entry.published_at))
    return [_announced(source, change, key, found[key], status) for key in found]


def _revised(
    source: Source, change: Revised, known: Sequence[Subject], read: Read, past: Past
) -> list[Event]:
    entry = change.entry
    if _withdrawal(entry):
        if _WITHDRAWN.match(change.shown["title"]):
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
    status = Status(held=change.announcement in past.held)
    before = _subjects(change.announcement, _read_before(change, read, past))
    now = _subjects(change.announcement, read(entry.title, entry.text, entry.url, entry.published_at))
    events: list[Event] = []
    for key, facts in now.items():
        if key not in recorded:
            events.append(_announced(source, change, key, facts, status))
        elif key in before:
            events += _moved(source, change, recorded[key], before[key], facts)
    return [] if _restless(change) and not events else [revised, *events]


def _restless(change: Change) -> bool:
    return isinstance(change, Revised) and change.streak > RESTLESS


def _read_before(change: Revised, read: Read, past: Past) -> tuple[Found, ...]:
    """What today's rules read in what this source showed before: so that neither better rules nor what
    another source told is taken for an edit."""
    shown = change.shown
    text = past.texts.get(shown["text"] or "", shown["summary"])
    return read(_WITHDRAWN.sub("", shown["title"]).strip(), text, shown["url"], shown["published_at"])


def _subjects(announcement: str, subjects: Sequence[Found]) -> dict[str, Found]:
    """The subjects of an announcement by id: its first call is its first call again after a revision."""
    found: dict[str, Found] = {}
    counted: Counter[str] = Counter()
    for facts in subjects:
        counted[facts.kind] += 1
        key = uuid.uuid5(diff.NAMESPACE, f"{announcement}\n{facts.kind}\n{counted[facts.kind]}")
        found[str(key)] = facts
    return found


def _announced(source: Source, change: Change, key: str, facts: Found, status: Status) -> Event:
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
        evidence=facts.evidence,
        **asdict(status),
    )


def _moved(source: Source, change: Revised, recorded: Subject, before: Found, after: Found) -> list[Event]:
    """The facts that the edit moved. One that is no longer stated stays: silence is no evidence."""
    changed: dict[str, dict[str, Any]] = {}
    if _plain("title", before.title) != _plain("title", after.title) != _plain("title", recorded.title):
        changed["title"] = {"from": recorded.title, "to": after.title}
    if recorded.closed and _WITHDRAWN.match(change.shown["title"]):
        changed["closed"] = {"from": True, "to": False}
    for name in FACTS:
        old, new, known = getattr(before, name), getattr(after, name), getattr(recorded, name)
        if new and _plain(name, new) not in (_plain(name, old), _plain(name, known)):
            changed[name] = {"from": _json(known), "to": _json(new)}
    if not changed:
        return []
    if "title" in changed:  # its words go with it, but are not worth a message by themselves
        changed["summary"] = {"from": recorded.summary, "to": after.summary}
    return [
        CHANGED[recorded.kind](
            subject=recorded.id,
            announcement=change.announcement,
            source=source.id,
            title=after.title,
            url=change.entry.url or recorded.url,
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


def _held(events: Sequence[Event]) -> set[str]:
    return {
        event.announcement
        for event in events
        if isinstance(event, AnnouncementPublished | SubjectAnnounced) and event.held
    }


def _is_told(change: Change, events: Sequence[Event]) -> bool:
    """Whether what the entry shows now is in the record: an edit of a restless one need not be."""
    return not _restless(change) or any(
        getattr(event, "announcement", None) == change.announcement for event in events
    )


def _text(change: Change, events: Sequence[Event]) -> str | None:
    """The long text that the record refers to from now on."""
    entry = change.entry
    return entry.text if entry.text != entry.summary and _is_told(change, events) else None


def _sighting(source: str, change: Change, stamp: str, told: bool) -> Sighting:
    """What the source shows now. Of an edit that is not told the words are kept that were told last: the
    next one is compared with them."""
    entry = change.entry
    shown = diff.shown(entry) if told or not isinstance(change, Revised) else change.shown
    return Sighting(
        source,
        change.announcement,
        entry.guid,
        entry.link,
        entry.fingerprint,
        shown,
        changed_at=stamp if isinstance(change, Revised) else None,
        streak=change.streak if isinstance(change, Revised) else 0,
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
