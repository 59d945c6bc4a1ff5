"""What a page that was read later than its announcement adds to it.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from feed import telling, twins
from feed.decide import reader
from feed.extract import Found
from feed.linked import Page, together
from feed.source import Source
from feed.telling import Status, Telling
from storage.catalogue import Announcement, Rival, Told
from storage.encoding import digest
from storage.events import AnnouncementRead, AnnouncementRevised, Event

WINDOW = twins.WINDOW
FRESH = timedelta(days=14)
"""What was published longer ago is no news, whatever its page adds: the attempts to read it are over."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of an announcement: itself, its own text, what its page said when it was read before,
    and its subjects. `is_news` says that it is neither backfill nor so old that nobody waits for it."""

    announcement: Announcement
    text: str
    page: Page | None
    told: Sequence[Told]
    is_news: bool

    @property
    def keys(self) -> set[str]:
        """The ids under which it told of its subjects."""
        return {one.key for one in self.told}


@dataclass(frozen=True, slots=True)
class Readings:
    """The subjects by id, as they are read without the page as it is now, and with it."""

    before: Mapping[str, Found]
    now: Mapping[str, Found]


def reading(source: Source, known: Known, page: Page) -> Readings:
    """What today's rules read without and with the page."""
    read, one = reader(source), known.announcement
    before = together(known.text, known.page) if known.page else known.text
    published = one.published_at or page.published_at
    return Readings(
        telling.keyed(one.id, read(one.title, before, one.url, one.published_at)),
        telling.keyed(one.id, read(one.title, together(known.text, page), one.url, published)),
    )


def decide(
    source: Source, known: Known, page: Page, found: Readings, rivals: Mapping[str, Sequence[Rival]]
) -> tuple[Event, ...]:
    """The events: that the page was read, or has changed, and the facts it adds. Nothing where the page says
    what it said before."""
    one = known.announcement
    said, told = digest(page.text.encode()), one.page
    by = Telling(source.id, one.id, one.title, one.url, source.zone)
    events: list[Event] = [] if said == told else [_read(by, told, said, page)]
    if page.withdrawn and one.withdrawn is None:
        return (
            *events,
            telling.withdrawn(by, "page.withdrawn", page.withdrawn[:200]),
            *telling.closed(by, known.told, backfill=not known.is_news),
        )
    if said == told:
        return ()
    recorded = {told.key: told.subject for told in known.told}
    # Where the page makes something else of what was told already, it is recorded and not told again.
    again = bool(recorded.keys() - found.now.keys())
    status, taken = Status(again or not known.is_news, one.held), set[str]()
    for key, facts in found.now.items():
        if key not in recorded:
            match = twins.match(facts, one.day, rivals.get(key, ()), taken)
            events += telling.announced(by, key, facts, status, match)
        elif not recorded[key].retracted:
            before, own = found.before.get(key), recorded[key].id == key
            events += telling.moved(by, recorded[key], before, facts, backfill=not known.is_news, own=own)
    return tuple(events)


def _read(by: Telling, told: str | None, said: str, page: Page) -> Event:
    if told is None:
        return AnnouncementRead(
            source=by.source,
            announcement=by.announcement,
            title=by.title,
            url=by.url,
            page=said,
            published_at=page.published_at,
        )
    return AnnouncementRevised(
        source=by.source,
        announcement=by.announcement,
        title=by.title,
        url=by.url,
        changed={"page": {"from": told, "to": said}},
    )
