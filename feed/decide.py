"""What a poll has shown, turned into events.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from feed import diff, telling, twins
from feed.diff import Change, Known, New, Renumbered, Revised
from feed.extract import Found, extract
from feed.linked import Page, together
from feed.parse import Entry
from feed.source import Source
from feed.telling import Status, Telling
from storage.catalogue import Rival, Told
from storage.cursors import Sighting
from storage.encoding import digest
from storage.events import AnnouncementPublished, AnnouncementRevised, Event, SubjectAnnounced

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

    `told` are their subjects; `news` are the announcements that another source's first poll recorded as
    backfill since this source was polled last, or that are held as part of another's flood: here they are
    news; `texts` are the long texts that were shown before, by digest; `pages` what linked pages said, by
    announcement; `held` are the announcements that are held; `rivals` are the recorded subjects that a new
    one may be the same as, by the new one's id, and `days` (UTC) when their announcements were published;
    `taken` gathers those that were matched already.
    """

    told: Mapping[str, Sequence[Told]]
    news: Set[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)
    held: Set[str] = frozenset()
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
    return telling.keyed(change.announcement, read(*_words(change.entry)))


def _words(entry: Entry) -> tuple[str, str, str, str | None]:
    if entry.page is None:
        return entry.title, entry.text, entry.url, entry.published_at
    text = together(entry.text, entry.page)
    return entry.title, text, entry.url, entry.published_at or entry.page.published_at


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
        match change:
            case New():
                events += _new(source, change, read, past, status)
            case Known():
                events += _known(source, change, read, past, status)
            case Renumbered():
                pass  # only its guid and address are noted
            case Revised():
                events += _revised(source, change, read, past)
    return Decision(
        events=tuple(events),
        sightings=tuple(_sighting(source.id, change, stamp, _is_told(change, events)) for change in changes),
        texts=tuple(text for change in changes for text in _texts(change, events)),
        new=sum(isinstance(change, New) for change in changes),
        restless=sum(_restless(change) for change in changes),
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
    return [published, *_announced(source, change, found_in(change, read), past, status)]


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


def _revised(source: Source, change: Revised, read: Read, past: Past) -> list[Event]:
    told = past.told.get(change.announcement, ())
    by = _telling(source, change)
    was_withdrawn = bool(_WITHDRAWN.match(change.shown["title"]))
    if withdrawal := _withdrawal(source, change):
        return [] if was_withdrawn else [withdrawal, *telling.closed(by, told)]
    revised = AnnouncementRevised(
        source=source.id,
        announcement=change.announcement,
        title=change.entry.title,
        url=change.entry.url,
        changed=change.changed | _page_changed(change, past),
    )
    recorded = {one.key: one.subject for one in told}
    status = Status(held=change.announcement in past.held)
    before = telling.keyed(change.announcement, read(*_words_before(change, past)))
    now = found_in(change, read)
    new = {key: now[key] for key in now if key not in recorded}
    events = _announced(source, change, {key: new[key] for key in new if key not in before}, past, status)
    # What was there before the edit is found by better rules only, and is no news.
    events += _announced(
        source, change, {key: new[key] for key in new if key in before}, past, replace(status, backfill=True)
    )
    page_is_new = change.entry.page is not None and change.announcement not in past.pages
    for key in now:
        if key in recorded and key in before and not recorded[key].retracted:
            events += telling.moved(
                by,
                recorded[key],
                before[key],
                now[key],
                reopened=was_withdrawn,
                own=recorded[key].id == key or not page_is_new,
            )
    return [] if _restless(change) and not events else [revised, *events]


def _restless(change: Change) -> bool:
    return isinstance(change, Revised) and change.streak > RESTLESS


def _words_before(change: Revised, past: Past) -> tuple[str, str, str, str | None]:
    """What this source showed before, to be read by today's rules: so that neither better rules nor what
    another source told is taken for an edit. Its page counts where the page was read again now."""
    shown = change.shown
    title = _WITHDRAWN.sub("", shown["title"]).strip()
    text = past.texts.get(shown["text"] or "", shown["summary"])
    page = past.pages.get(change.announcement) if change.entry.page else None
    if page is None:
        return title, text, shown["url"], shown["published_at"]
    return title, together(text, page), shown["url"], shown["published_at"] or page.published_at


def _page(entry: Entry) -> str | None:
    """The digest of what the linked page says, where it was read."""
    return digest(entry.page.text.encode()) if entry.page else None


def _page_changed(change: Revised, past: Past) -> dict[str, dict[str, Any]]:
    before, now = past.pages.get(change.announcement), _page(change.entry)
    old = digest(before.text.encode()) if before else None
    return {"page": {"from": old, "to": now}} if now and now != old else {}


def _withdrawal(source: Source, change: Change) -> Event | None:
    """That the source has taken it back, where its title or a notice on its page says so."""
    entry, by = change.entry, _telling(source, change)
    if _WITHDRAWN.match(entry.title):
        return telling.withdrawn(by, "title.withdrawn", entry.title)
    if entry.page is not None and entry.page.withdrawn:
        return telling.withdrawn(by, "page.withdrawn", entry.page.withdrawn[:200])
    return None


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


def _texts(change: Change, events: Sequence[Event]) -> list[str]:
    """The long texts that the record refers to from now on."""
    entry = change.entry
    if not _is_told(change, events):
        return []
    texts = [entry.text] if entry.text != entry.summary else []
    return [*texts, entry.page.text] if entry.page and not isinstance(change, Known) else texts


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
