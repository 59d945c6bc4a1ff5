"""What a hub pushes, from the bytes to the fact in the log.

A push brings news, in one transaction of its own, beside any poll that may be under way. Whatever else it
hints at (an edit, a deletion, more new entries than the past explains, a body that cannot be read) is left to
a poll, which asks the source itself: a push may be an hour old when it comes, and may hold a part of the feed
only. So it never makes a source fail, end, move or show a gap.
"""

from __future__ import annotations

import logging
from datetime import datetime

from feed import deleted, diff, leases, poll, record
from feed.decide import Decision, reader
from feed.errors import SourceError
from feed.parse import Feed
from feed.poll import Outcome
from feed.question import Response
from feed.source import Source
from storage import cursors, hubs
from storage.clock import now
from storage.cursors import Cursor
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.hubs import Hub

logger = logging.getLogger(__name__)

READ_BYTES = 1_000_000
"""What is larger is left to a poll: the hub waits for our answer."""


def receive(db: Database, source: Source, hub: Hub, body: bytes, content_type: str = "") -> Outcome:
    """Record what is new in an authentic push. Raises StorageError when the log cannot be written."""
    with db.read() as tx:
        cursor = cursors.get(tx, source.id)
    if cursor is None or cursor.last_success is None:
        return ring(db, source, hub, "the source was not polled yet")
    if source.pages:
        return ring(db, source, hub, "the linked pages are read, too")
    if len(body) > READ_BYTES:
        return ring(db, source, hub, f"more than {READ_BYTES // 1_000_000} MB")
    try:
        response = Response(hub.topic, body, {"content-type": content_type})
        return _record(db, source, hub, cursor, poll.parse(source, response, cursor))
    except SourceError as error:
        return ring(db, source, hub, str(error))
    except StorageError:
        raise
    except Exception as error:  # a bug that one push brings to light: perhaps a poll can do without
        logger.exception("source %s: unexpected error in a push", source.id)
        return ring(db, source, hub, f"unexpected error: {error!r}")


def ring(db: Database, source: Source, hub: Hub, reason: str) -> Outcome:
    """Leave a push to a poll, which is due at once."""
    with db.write() as tx:
        if cursor := cursors.get(tx, source.id):
            _note(tx, hub, cursor, now(), poll=True)
    return Outcome(source.id, "skipped", reason=f"left to a poll: {reason}")


def _record(db: Database, source: Source, hub: Hub, cursor: Cursor, feed: Feed) -> Outcome:
    read, moment = reader(source), now()
    poll.read_texts(db, source, cursor, feed, read)
    with db.write() as tx:
        current = cursors.get(tx, source.id)
        if current is None or current.last_success is None:
            raise SourceError("the source has a new address")
        changes = record.compare(tx, source, current, feed).changes
        fresh = [change for change in changes if not isinstance(change, diff.Revised)]
        decision = record.judge(tx, source, current, fresh, read, moment)
        left = bool(decision.held) or len(fresh) < len(changes) or not feed.whole
        left = left or bool(deleted.events(tx, source, feed, changes, moment))
        if decision.held:
            decision = Decision()
        record.write(tx, decision, decision.events)
        cursors.learn(tx, source.id, decision.new)
        _note(tx, hub, current, moment, poll=left)
    return Outcome(source.id, "fetched", decision.events, feed.note, feed.seen)


def _note(tx: Tx, hub: Hub, cursor: Cursor, moment: datetime, *, poll: bool) -> None:
    """That the hub pushed, and that the source is due, where that is left to a poll."""
    known = hubs.get(tx, hub.key)
    if known is None:
        return  # we left it meanwhile
    known, due = leases.pushed(known, cursor, moment, poll=poll)
    hubs.put(tx, known)
    if due is not None:
        cursors.hasten(tx, cursor.source, due)
