"""Reads recorded announcements again with today's rules, and records what that corrects.

Nothing that is recorded is rewritten, and nobody is told of the past. May not know what a correction is: that
is feed.corrections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from feed import corrections, twins
from feed.corrections import Case
from feed.decide import reader
from feed.edits import Read
from feed.extract import Found
from feed.linked import Page, together
from feed.source import Source
from storage import catalogue, effects, endings, log
from storage.catalogue import Announcement
from storage.clock import from_stamp, now
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.events import BY_THE_CLOCK, Event
from storage.plain import joined

SLICE = 100
"""So many announcements are read, then written in one transaction."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """An announcement that was read again, and what that comes to; `events` is empty where nothing differs,
    None where its source is in the catalogue no more, so that nobody can say how to read it."""

    announcement: Announcement
    events: tuple[Event, ...] | None


def reclassify(
    db: Database, sources: Mapping[str, Source], *, since: date | None = None, dry_run: bool = False
) -> Iterator[Corrected]:
    """Read again what was published on `since` (UTC) or later, oldest record first, and record what differs.

    Raises StorageError when the log cannot be written.
    """
    after = 0
    while True:
        with db.read() as tx:
            found = catalogue.announcements(tx, after=after, since=since, limit=SLICE)
            cases = [(one, _words(tx, one)) for one in found]
        if not found:
            return
        after = found[-1].position
        readers: dict[str, Read] = {key: reader(sources[key]) for key in sources}
        for one, words in cases:
            if one.source in readers and one.withdrawn is None:
                readers[one.source](*words)  # it remembers: nothing takes long while the log is held
        with db.read() if dry_run else db.write() as tx:
            results = [
                _again(tx, sources.get(one.source), readers.get(one.source), one.id, dry_run=dry_run)
                for one, _ in cases
            ]
        yield from results


def split(
    db: Database, sources: Mapping[str, Source], subject: str, announcement: str, reason: str
) -> list[Event]:
    """Part an announcement from the subject that it was linked to; the events.

    Raises StorageError where there is no such link.
    """
    with db.write() as tx:
        one = catalogue.announcement(tx, announcement)
        known = catalogue.subject(tx, subject)
        twin = next(
            (twin for twin in catalogue.twins(tx, subject) if twin.announcement == announcement), None
        )
        if one is None or known is None or twin is None:
            raise StorageError(f"the announcement {announcement} is not linked to a subject {subject}")
        source = sources.get(one.source)
        found = reader(source)(*_words(tx, one)) if source else ()
        events = corrections.undone(_case(tx, one, source), twin, known, found, reason)
        _record(tx, events)
    return events


def _again(tx: Tx, source: Source | None, read: Read | None, key: str, *, dry_run: bool) -> Corrected:
    one = catalogue.announcement(tx, key)
    assert one is not None, "announcements are never deleted"  # noqa: S101
    if source is None or read is None or one.withdrawn is not None:
        return Corrected(one, None if read is None else ())
    case, found = _case(tx, one, source), read(*_words(tx, one))
    events = corrections.corrections(case, found, _rivals(tx, case, found))
    if not dry_run:
        _record(tx, events)
    return Corrected(one, tuple(events))


def _case(tx: Tx, one: Announcement, source: Source | None) -> Case:
    told = catalogue.told(tx, [one.id]).get(one.id, [])
    stories = {item.subject.id: catalogue.story(tx, item.subject.id) for item in told}
    closed = endings.closed(tx, list(stories))
    passed = {key for key, ending in closed.items() if ending.rule == BY_THE_CLOCK}
    return Case(one, told, stories, source.zone if source else None, passed, now())


def _words(tx: Tx, one: Announcement) -> tuple[str, str, str, str | None]:
    """What the rules read: the announcement as it stands now, with what its page says."""
    text = joined(one.summary, (log.text(tx, one.text) if one.text else None) or "")
    page = log.text(tx, one.page) if one.page else None
    return one.title, together(text, Page(text=page)) if page else text, one.url, one.published_at


def _rivals(tx: Tx, case: Case, found: tuple[Found, ...]) -> dict[str, list[catalogue.Rival]]:
    """What was recorded around the announcement that a new subject may be the same as."""
    new = corrections.candidates(case, found)
    event = log.get(tx, case.announcement.position) if new else None
    if event is None:
        return {}
    since = log.first_since(tx, from_stamp(event.recorded_at) - twins.WINDOW)
    return {
        key: catalogue.rivals(tx, facts.kind, facts.title, case.announcement.source, since)
        for key, facts in new.items()
    }


def _record(tx: Tx, events: list[Event]) -> None:
    for recorded in log.append(tx, events, now()):
        effects.apply(tx, recorded)
