"""What a source shows, held against the record and written into it, within one transaction.

May not ask a source, nor decide what a difference means: that is feed.decide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from feed import diff, standing, twins
from feed.decide import Decision, Past, decide, found_in
from feed.edits import Read
from feed.linked import Page
from feed.parse import Entry, Feed
from feed.source import Source
from storage import catalogue, cursors, effects, endings, log
from storage.clock import now, to_stamp
from storage.cursors import Cursor
from storage.database import Database, Tx
from storage.events import Event, SourceReleased


def compare(tx: Tx, source: Source, cursor: Cursor, feed: Feed) -> diff.Comparison:
    """What is new and what was revised in the feed. What other sources told already is known."""
    guids = [entry.guid for entry in feed.entries if entry.guid]
    links = [entry.link for entry in feed.entries if entry.link]
    fingerprints = [entry.fingerprint for entry in feed.entries]
    seen = cursors.sightings(tx, source.id, guids, links, fingerprints)
    whole = len(feed.entries) == feed.seen
    compared = diff.compare(source.id, feed.entries, seen, polled=cursor.last_success, whole=whole)
    told = catalogue.known(tx, [change.announcement for change in compared.changes])
    changes: list[diff.Change] = [
        diff.Known(change.entry, change.announcement)
        if isinstance(change, diff.New) and change.announcement in told
        else change
        for change in compared.changes
    ]
    return dataclasses.replace(compared, changes=changes)


def judge(
    tx: Tx,
    source: Source,
    cursor: Cursor,
    changes: Sequence[diff.Change],
    read: Read,
    moment: datetime,
    seen: int = 0,
) -> Decision:
    """What to record of these changes, beside what is recorded already; `seen` is how many entries the source
    shows, where these are all that changed."""
    return decide(
        source,
        changes,
        _past(tx, source, cursor, changes, read, moment),
        read,
        backfill=cursor.last_success is None,
        explained=standing.explained(cursor, moment),
        stamp=to_stamp(moment),
        seen=seen,
    )


def shown_texts(tx: Tx, changes: Sequence[diff.Change]) -> dict[str, str]:
    """The long texts that revised entries showed before, by digest."""
    keys = {change.shown["text"] for change in changes if isinstance(change, diff.Revised)}
    return {key: text for key in keys if key and (text := log.text(tx, key)) is not None}


def write(tx: Tx, decision: Decision, events: Sequence[Event]) -> None:
    """Append the events, and bring the read model and the sightings up to them."""
    for text in decision.texts:
        log.keep_text(tx, text)
    for recorded in log.append(tx, events, now()):
        effects.apply(tx, recorded)
    for sighting in decision.sightings:
        cursors.see(tx, sighting)


def release(db: Database, source: str, *, told: bool) -> int:
    """Release what the flood guard holds of a source: as news where `told`, else for the record only; how
    many announcements that were."""
    with db.write() as tx:
        cursor = cursors.get(tx, source)
        if cursor is None or not cursor.held:
            return 0
        event = SourceReleased(source=source, count=cursor.held, told=told)
        for recorded in log.append(tx, [event], now()):
            effects.apply(tx, recorded)
        cursors.release_held(tx, source, learnt=cursor.held if told else 0)
        return cursor.held


def _past(
    tx: Tx, source: Source, cursor: Cursor, changes: Sequence[diff.Change], read: Read, moment: datetime
) -> Past:
    known = [change.announcement for change in changes if isinstance(change, diff.Known)]
    revised = [change for change in changes if isinstance(change, diff.Revised)]
    told = catalogue.told(tx, [change.announcement for change in changes])
    calls = [one.subject.id for subjects in told.values() for one in subjects if one.subject.closed]
    fresh = [
        change
        for change in changes
        if isinstance(change, diff.New | diff.Revised) or change.announcement not in told
    ]
    return Past(
        told=told,
        news=catalogue.untold(tx, known, cursor.last_success) if cursor.last_success else set(),
        texts=shown_texts(tx, changes),
        pages=_pages(tx, [change.announcement for change in revised]),
        held=catalogue.held(tx, [change.announcement for change in changes]),
        withdrawn=endings.withdrawn(tx, [change.announcement for change in revised]),
        closed=endings.closed(tx, calls),
        rivals=_rivals(tx, source, fresh, read, moment),
        days={change.announcement: _day(change.entry, moment) for change in fresh},
    )


def _pages(tx: Tx, announcements: Sequence[str]) -> dict[str, Page]:
    """What the pages of these announcements said when they were read."""
    return {
        key: Page(text=text, published_at=published_at)
        for key, (page, published_at) in catalogue.pages(tx, announcements).items()
        if (text := log.text(tx, page)) is not None
    }


def _rivals(
    tx: Tx, source: Source, changes: Sequence[diff.Change], read: Read, moment: datetime
) -> dict[str, list[catalogue.Rival]]:
    """The subjects of other sources that those in these entries may be the same as."""
    since = log.first_since(tx, moment - twins.WINDOW)
    return {
        key: catalogue.rivals(tx, facts.kind, facts.title, source.id, since)
        for change in changes
        if not isinstance(change, diff.Renumbered)
        for key, facts in found_in(change, read).items()
    }


def _day(entry: Entry, moment: datetime) -> str:
    """The UTC day on which an entry was published, as the read model will tell it."""
    stated = entry.published_at or (entry.page.published_at if entry.page else None)
    return effects.day(stated, to_stamp(moment))
