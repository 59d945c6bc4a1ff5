"""What a page that was read later than its announcement, or once more, adds to it.

Pure: no clock, no network, no database; the time is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feed import declared, edits, endings, telling, twins
from feed.damping import RESTLESS
from feed.decide import reader
from feed.edits import Readings, Words
from feed.endings import Reopening
from feed.linked import Page, together
from feed.noise import same
from feed.source import Source
from feed.telling import Status, Telling
from storage.catalogue import Announcement, Rival, Told
from storage.encoding import digest
from storage.endings import Ending
from storage.events import (
    AnnouncementRead,
    AnnouncementRevised,
    AnnouncementWithdrawn,
    CallChanged,
    Event,
    InitiativeChanged,
)
from storage.filters import Subject, last_moment

WINDOW = twins.WINDOW
FRESH = timedelta(days=14)
"""What was published longer ago is no news, whatever its page adds: the attempts to read it are over."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of an announcement: itself, its own text, what its page said when it was read before,
    its subjects, and how it and its calls ended. `is_news` says that it is neither backfill nor so old that
    nobody waits for it."""

    announcement: Announcement
    text: str
    page: Page | None
    told: Sequence[Told]
    is_news: bool
    withdrawn: Ending | None = None
    closed: Mapping[str, Ending] = field(default_factory=dict)

    @property
    def keys(self) -> set[str]:
        """The ids under which it told of its subjects."""
        return {one.key for one in self.told}

    @property
    def said(self) -> str:
        """All that it said, with its page."""
        return together(self.text, self.page) if self.page else self.text

    def by(self, source: Source) -> Telling:
        """Who tells of its subjects."""
        one = self.announcement
        return Telling(source.id, one.id, one.title, one.url, source.zone)


def reading(source: Source, known: Known, page: Page) -> Readings:
    """What today's rules read without the page as it is now, and with it: where it was read before, what
    has changed in it alone."""
    one = known.announcement
    before = Words(one.title, known.text, one.url, one.published_at, known.page)
    return edits.readings(one.id, reader(source), before, replace(before, page=page))


def decide(
    source: Source,
    known: Known,
    page: Page,
    found: Readings,
    rivals: Mapping[str, Sequence[Rival]],
    moment: datetime,
    *,
    streak: int = 0,
) -> tuple[Event, ...]:
    """The events: that the page was read, or has changed, and the facts it adds. Nothing where the page says
    what it said before, but for noise, or where it changed at `streak` visits in a row, too many for news,
    and no fact has moved."""
    by, was = known.by(source), known.withdrawn
    changed = known.page is None or not same(known.page.text, page.text)
    if withdrawal := _withdrawal(by, known, page):
        if was is not None:
            return ()
        events = [_read(by, known, page)] if changed else []
        return (*events, *_withdrawn(withdrawal, known, moment))
    back = was is not None and endings.is_back(was.rule, shown=False, page=True)
    if not changed and not back:
        return ()
    facts = _facts(by, known, page, found, rivals, moment, still=was is not None and not back, back=back)
    if not facts and not back and streak > RESTLESS:
        return ()
    if was is None or not back:
        return (_read(by, known, page), *facts)
    reason = endings.BACK.get(was.rule, endings.BACK[""])
    return (_revised(by, known, page, changed=changed, reason=reason), *facts)


def gone(source: Source, known: Known, quote: str, moment: datetime) -> tuple[Event, ...]:
    """The events of a page that is not there any more, as the words of the evidence say. Nothing where it was
    never read, so that it may never have been there, or where its announcement is withdrawn already."""
    if known.page is None or known.withdrawn is not None:
        return ()
    return _withdrawn(endings.withdrawn(known.by(source), endings.MISSING, quote), known, moment)


def _withdrawal(by: Telling, known: Known, page: Page) -> AnnouncementWithdrawn | None:
    if page.withdrawn:
        return endings.withdrawn(by, endings.NOTICE, page.withdrawn[:200])
    title = known.announcement.title
    own, whole = (declared.declared(title, text) for text in (known.text, together(known.text, page)))
    return endings.withdrawn_by_status(by, own, whole)


def _withdrawn(withdrawal: AnnouncementWithdrawn, known: Known, moment: datetime) -> tuple[Event, ...]:
    # What ends of an open call is news, however old: but not that an archive held what was long over.
    backfill = not known.is_news and known.page is None
    return (withdrawal, *endings.closed_with(withdrawal, known.told, moment, backfill=backfill))


def _facts(
    by: Telling,
    known: Known,
    page: Page,
    found: Readings,
    rivals: Mapping[str, Sequence[Rival]],
    moment: datetime,
    *,
    still: bool,
    back: bool,
) -> list[Event]:
    """What the page makes of the subjects; `still` says that the announcement is withdrawn all the same,
    `back` that it no longer is."""
    one, events = known.announcement, list[Event]()
    recorded = {told.key: told.subject for told in known.told}
    # Where the page makes something else of what was told already, it is recorded and not told again.
    again = bool(recorded.keys() - found.now.keys())
    status, taken = Status(again or not known.is_news, one.held), set[str]()
    for key, facts in found.now.items():
        if key not in recorded:
            match = twins.match(facts, one.day, rivals.get(key, ()), taken)
            events += telling.announced(by, key, facts, status, match)
    said = declared.declared(one.title, known.said), declared.declared(one.title, together(known.text, page))
    for key, subject in recorded.items():
        if not subject.retracted:
            ending = known.closed.get(subject.id)
            opens = Reopening(moment, ending.rule if ending else "", still, back, *said).opens
            before, now = found.before.get(key), found.now.get(key)
            own = subject.id == key
            moved = telling.moved(by, subject, before, now, backfill=True, opens=opens, own=own)
            events += [_as_news(event, known, subject, moment) for event in moved]
    backfill = not known.is_news and known.page is None
    events += endings.declared_closed(by, known.told, *said, moment, backfill=backfill)
    return events


def _as_news(event: Event, known: Known, subject: Subject, moment: datetime) -> Event:
    """What moved, as news where the announcement is, and where an open call has changed since its page was
    read last, however old it is."""
    assert isinstance(event, CallChanged | InitiativeChanged)  # noqa: S101 - all that can move
    return replace(
        event, backfill=not known.is_news and not (known.page and _stays_open(event, subject, moment))
    )


def _stays_open(event: CallChanged | InitiativeChanged, subject: Subject, moment: datetime) -> bool:
    to = {name: sides["to"] for name, sides in event.changed.items()}
    closes, zone = to.get("closes", subject.closes), to.get("zone", subject.zone)
    is_call, closed = subject.kind == "call", to.get("closed", subject.closed)
    return is_call and not closed and not (closes and last_moment(closes, zone) < moment)


def _read(by: Telling, known: Known, page: Page) -> Event:
    if known.announcement.page is None:
        return AnnouncementRead(
            source=by.source,
            announcement=by.announcement,
            title=by.title,
            url=by.url,
            page=digest(page.text.encode()),
            published_at=page.published_at,
        )
    return _revised(by, known, page, changed=True)


def _revised(by: Telling, known: Known, page: Page, *, changed: bool, reason: str | None = None) -> Event:
    moved = {"page": {"from": known.announcement.page, "to": digest(page.text.encode())}}
    return AnnouncementRevised(
        source=by.source,
        announcement=by.announcement,
        title=by.title,
        url=by.url,
        changed=moved if changed else {},
        reason=reason,
    )
