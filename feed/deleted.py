"""Records that a feed says of entries that it has taken them out, and that it shows one of those again.

In the transaction of the poll that showed the feed. May not read the feed: that is feed.tombstones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from feed import diff, endings, telling
from feed.endings import Reopening
from feed.parse import Feed
from feed.source import Source
from feed.telling import Telling
from feed.tombstones import Tombstone
from storage import catalogue, cursors, log
from storage import endings as ended
from storage.catalogue import Announcement
from storage.clock import from_stamp, to_stamp
from storage.database import Tx
from storage.events import AnnouncementRevised, Event

CLOCKS = timedelta(days=1)
"""So far a publisher's clock may be behind ours, or its feed behind itself."""


def events(
    tx: Tx, source: Source, feed: Feed, changes: Sequence[diff.Change], moment: datetime
) -> list[Event]:
    """What the feed's tombstones come to, and the return of entries that they were for. `changes` are told
    by themselves."""
    told = {change.announcement for change in changes if not isinstance(change, diff.Renumbered)}
    found: list[Event] = []
    for tombstone in feed.tombstones:
        one = _shown_before(tx, source, tombstone.ref)
        if one and one.withdrawn is None and not _is_older(tx, tombstone, one):
            found += _withdrawn(tx, source, one, tombstone, moment)
    for guid in [entry.guid for entry in feed.entries if entry.guid]:
        one = _shown_before(tx, source, guid)
        if one and one.withdrawn is not None and one.id not in told:
            found += _back(tx, source, one, moment)
    return found


def _shown_before(tx: Tx, source: Source, guid: str) -> Announcement | None:
    """The announcement that this source, and it first of all, showed under this id."""
    seen = [one for one in cursors.sightings(tx, source.id, [guid], [], []) if one.source == source.id]
    one = catalogue.announcement(tx, seen[0].announcement) if len(seen) == 1 else None
    return one if one and one.source == source.id else None


def _is_older(tx: Tx, tombstone: Tombstone, one: Announcement) -> bool:
    """Whether it stands for a time that is over: for an earlier entry of this id, or the source has told
    something of the announcement since."""
    published, revised = log.get(tx, one.position), ended.last_revised(tx, [one.id]).get(one.id)
    earlier = published is not None and tombstone.when < from_stamp(published.recorded_at) - CLOCKS
    return earlier or (revised is not None and to_stamp(tombstone.when) <= revised)


def _withdrawn(
    tx: Tx, source: Source, one: Announcement, tombstone: Tombstone, moment: datetime
) -> list[Event]:
    by = Telling(source.id, one.id, one.title, one.url, source.zone)
    quote = tombstone.comment or f"deleted {tombstone.when.isoformat()}"
    withdrawal = endings.withdrawn(by, endings.TOMBSTONE, quote)
    told = catalogue.told(tx, [one.id]).get(one.id, [])
    return [withdrawal, *endings.closed_with(withdrawal, told, moment)]


def _back(tx: Tx, source: Source, one: Announcement, moment: datetime) -> list[Event]:
    if ended.withdrawn(tx, [one.id])[one.id].rule != endings.TOMBSTONE:
        return []
    by = Telling(source.id, one.id, one.title, one.url, source.zone)
    revised = AnnouncementRevised(
        source=source.id,
        announcement=one.id,
        title=one.title,
        url=one.url,
        changed={},
        reason=endings.BACK[endings.TOMBSTONE],
    )
    told = catalogue.told(tx, [one.id]).get(one.id, [])
    closed = ended.closed(tx, [each.subject.id for each in told])
    found: list[Event] = [revised]
    for each in told:
        ending = closed.get(each.subject.id)
        opens = Reopening(moment, ending.rule if ending else "", back=True).opens
        found += telling.moved(by, each.subject, None, None, opens=opens)
    return found
