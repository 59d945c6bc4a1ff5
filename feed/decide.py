"""What a poll has shown, turned into events.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from feed import damping, diff, edits, endings, telling, twins
from feed.declared import declared
from feed.diff import Change, Known, New, Renumbered, Revised
from feed.edits import Read, Words
from feed.endings import Reopening
from feed.extract import Found, extract
from feed.linked import Page
from feed.parse import Entry
from feed.source import Source
from feed.telling import Status, Telling
from storage.catalogue import Rival, Told
from storage.clock import from_stamp
from storage.cursors import Sighting
from storage.encoding import digest
from storage.endings import Ending
from storage.events import (
    AnnouncementPublished,
    AnnouncementRevised,
    AnnouncementWithdrawn,
    CallAnnounced,
    Event,
    SubjectAnnounced,
)
from storage.plain import joined

_WITHDRAWN = re.compile(r"(?:[\w ]{3,40}:)?\s*(?:\[withdrawn\]|withdrawn\s*[:–-])", re.IGNORECASE)
"""How GOV.UK marks a title, with or without the document type that its organisation feeds put in front."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is recorded already of the announcements that a poll shows.

    `told` are their subjects; `news` are the announcements that another source's first poll recorded as
    backfill since this source was polled last, or that are held as part of another's flood: here they are
    news; `texts` are the long texts that were shown before, by digest; `pages` what linked pages said, by
    announcement; `held` are the announcements that are held, `withdrawn` and `closed` how announcements and
    calls ended, by id; `rivals` are the recorded subjects that a new one may be the same as, by the new
    one's id, and `days` (UTC) when their announcements were published; `taken` gathers those that were
    matched already.
    """

    told: Mapping[str, Sequence[Told]]
    news: Set[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)
    held: Set[str] = frozenset()
    withdrawn: Mapping[str, Ending] = field(default_factory=dict)
    closed: Mapping[str, Ending] = field(default_factory=dict)
    rivals: Mapping[str, Sequence[Rival]] = field(default_factory=dict)
    days: Mapping[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


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


def found_in(change: Change, read: Read) -> dict[str, Found]:
    """What the rules read in what an entry shows now, by id: in its page, where that was read, too."""
    words = _words(change.entry)
    return telling.keyed(change.announcement, read(words.title, words.all, words.url, words.date))


def _words(entry: Entry) -> Words:
    return Words(entry.title, entry.said, entry.url, entry.published_at, entry.page)


def decide(
    source: Source,
    changes: Sequence[Change],
    past: Past,
    read: Read,
    *,
    backfill: bool,
    explained: int,
    stamp: str,
    seen: int = 0,
) -> Decision:
    """The events that the changes of one poll amount to; `stamp` is the poll's, `seen` how many entries the
    source shows, where these are all that changed.

    `backfill` marks a first poll, whose new entries are recorded and shown but never notified. Where there
    are more of them than the source's past has `explained`, they are held (the flood guard).
    """
    news = sum(isinstance(change, New) or change.announcement in past.news for change in changes)
    status = Status(backfill, held=not backfill and news > explained)
    changes = [
        change if change.announcement in past.withdrawn else damping.settled(change, past.texts, past.pages)
        for change in changes
    ]
    restless = damping.restless(changes, seen)
    events: list[Event] = []
    for change in changes:
        match change:
            case New():
                events += _new(source, change, read, past, status)
            case Known():
                events += _known(source, change, read, past, status)
            case Renumbered():
                pass  # only its guid and address are noted
            case Revised():
                told = _revised(source, change, read, past, from_stamp(stamp))
                only_words = all(
                    isinstance(event, AnnouncementRevised) and not event.reason for event in told
                )
                events += [] if only_words and change.announcement in restless else told
    told_of = {getattr(event, "announcement", None) for event in events}
    untold = {change.announcement for change in changes if isinstance(change, Revised)} - told_of
    return Decision(
        events=tuple(events),
        sightings=tuple(_sighting(source.id, change, stamp, untold) for change in changes),
        texts=tuple(
            text for change in changes if change.announcement not in untold for text in _texts(change, past)
        ),
        new=sum(isinstance(change, New) for change in changes),
        restless=len(restless),
        held=len(_held(events) - past.held),
    )


def _telling(source: Source, change: Change) -> Telling:
    return Telling(source.id, change.announcement, change.entry.title, change.entry.url, source.zone)


def _new(source: Source, change: New, read: Read, past: Past, status: Status) -> list[Event]:
    entry = change.entry
    shown = diff.shown(entry)
    if entry.page is not None:
        shown["published_at"] = entry.published_at or entry.page.published_at
    published = AnnouncementPublished(
        source=source.id,
        announcement=change.announcement,
        page=_page(entry),
        **asdict(status),
        **shown,
    )
    if withdrawal := _withdrawal(source, change):
        return [published, withdrawal]
    events = _announced(source, change, found_in(change, read), past, status)
    return [published, *events, *_closed_already(events, entry)]


def _closed_already(events: Sequence[Event], entry: Entry) -> list[Event]:
    """That the only call of a new announcement is over, where its own words say so: for the record."""
    calls = [event for event in events if isinstance(event, CallAnnounced)]
    found = declared(entry.title, _words(entry).all).closed
    if found is None or len(calls) != 1 or len(events) != 1:
        return []
    return [endings.closed_already(calls[0], found)]


def _announced(
    source: Source, change: Change, found: Mapping[str, Found], past: Past, status: Status
) -> list[Event]:
    """What subjects that this announcement told nothing of before amount to."""
    events: list[Event] = []
    for key, facts in found.items():
        day = past.days.get(change.announcement, "")
        match = twins.match(facts, day, past.rivals.get(key, ()), past.taken)
        events += telling.announced(_telling(source, change), key, facts, status, match)
    return events


def _known(source: Source, change: Known, read: Read, past: Past, status: Status) -> list[Event]:
    """What another source told already: its subjects are news only where that one told none of them, or
    told them as part of its archive, or in a flood, while they are new here."""
    told = past.told.get(change.announcement, ())
    again = change.announcement in past.news and not status.backfill and not status.held
    if (told and not again) or _withdrawal(source, change):
        return []
    found = found_in(change, read)
    if not told:
        return _announced(source, change, found, past, status)
    named = {one.key: one.subject.id for one in told}
    news = {one.key for one in told if one.news}
    return [
        event
        for key, facts in found.items()
        if key not in news
        for event in telling.announced(_telling(source, change), named.get(key, key), facts, status)
    ]


def _revised(source: Source, change: Revised, read: Read, past: Past, moment: datetime) -> list[Event]:
    told = past.told.get(change.announcement, ())
    by = _telling(source, change)
    was = past.withdrawn.get(change.announcement)
    if withdrawal := _withdrawal(source, change):
        return [] if was else [withdrawal, *endings.closed_with(withdrawal, told, moment)]
    back = was is not None and endings.is_back(was.rule, shown=True, page=change.entry.page is not None)
    revised = AnnouncementRevised(
        source=source.id,
        announcement=change.announcement,
        title=change.entry.title,
        url=change.entry.url,
        changed=change.changed | _page_changed(change, past),
        reason=endings.BACK.get(was.rule, endings.BACK[""]) if was and back else None,
    )
    recorded = {one.key: one.subject for one in told}
    status = Status(held=change.announcement in past.held)
    words_before, words_now = _words_before(change, past), _words(change.entry)
    found = edits.readings(change.announcement, read, words_before, words_now)
    before, now = found.before, found.now
    new = {key: now[key] for key in now if key not in recorded}
    events = _announced(source, change, {key: new[key] for key in new if key not in before}, past, status)
    # What was there before the edit is found by better rules only, and is no news.
    events += _announced(
        source, change, {key: new[key] for key in new if key in before}, past, replace(status, backfill=True)
    )
    said = declared(words_before.title, words_before.all), declared(words_now.title, words_now.all)
    page_is_new = change.entry.page is not None and change.announcement not in past.pages
    for key, subject in recorded.items():
        if not subject.retracted:
            ending = past.closed.get(subject.id)
            rule = ending.rule if ending else ""
            still = was is not None and not back
            events += telling.moved(
                by,
                subject,
                before.get(key),
                now.get(key) if key in before else None,
                opens=Reopening(moment, rule, still, back, *said).opens,
                own=subject.id == key or not page_is_new,
            )
    return [revised, *events, *endings.declared_closed(by, told, *said, moment, backfill=False)]


def _words_before(change: Revised, past: Past) -> Words:
    """What this source showed before, to be read by today's rules: so that neither better rules nor what
    another source told is taken for an edit. Its page counts where the page was read again now."""
    shown = change.shown
    title = _WITHDRAWN.sub("", shown["title"]).strip()
    text = joined(shown["summary"], past.texts.get(shown["text"] or "", ""))
    page = past.pages.get(change.announcement) if change.entry.page else None
    return Words(title, text, shown["url"], shown["published_at"], page)


def _page(entry: Entry) -> str | None:
    """The digest of what the linked page says, where it was read."""
    return digest(entry.page.text.encode()) if entry.page else None


def _page_changed(change: Revised, past: Past) -> dict[str, dict[str, Any]]:
    if not damping.page_moved(change, past.pages):
        return {}
    before = past.pages.get(change.announcement)
    return {"page": {"from": digest(before.text.encode()) if before else None, "to": _page(change.entry)}}


def _withdrawal(source: Source, change: Change) -> AnnouncementWithdrawn | None:
    """That the source has taken it back, where its title, a notice on its page or its status says so."""
    entry, by = change.entry, _telling(source, change)
    if _WITHDRAWN.match(entry.title):
        return endings.withdrawn(by, endings.TITLE, entry.title)
    if entry.page is not None and entry.page.withdrawn:
        return endings.withdrawn(by, endings.NOTICE, entry.page.withdrawn[:200])
    own, whole = (declared(entry.title, text) for text in (entry.said, _words(entry).all))
    return endings.withdrawn_by_status(by, own, whole)


def _held(events: Sequence[Event]) -> set[str]:
    return {
        event.announcement
        for event in events
        if isinstance(event, AnnouncementPublished | SubjectAnnounced) and event.held
    }


def _texts(change: Change, past: Past) -> list[str]:
    """The long texts that the record refers to from now on."""
    if isinstance(change, Renumbered):
        return []
    entry = change.entry
    texts = [entry.text] if entry.text != entry.summary else []
    page_is_told = isinstance(change, New) or (
        isinstance(change, Revised) and damping.page_moved(change, past.pages)
    )
    return [*texts, entry.page.text] if entry.page and page_is_told else texts


def _sighting(source: str, change: Change, stamp: str, untold: Set[str]) -> Sighting:
    """What the source shows now. Of an edit that is not told, and of noise, the words are kept that were told
    last: the next one is compared with them."""
    entry, shown, changed_at, streak = change.entry, diff.shown(change.entry), None, 0
    match change:
        case Renumbered():
            shown = change.shown
        case Revised():
            changed_at, streak = stamp, change.streak
            shown = change.shown if change.announcement in untold else shown
    return Sighting(
        source,
        change.announcement,
        entry.guid,
        entry.link,
        entry.fingerprint,
        shown,
        changed_at=changed_at,
        streak=streak,
    )
