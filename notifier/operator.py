"""Tells the operator of troubles of sources that persist, and that they are over.

What is to be told becomes letters in one people transaction, together with the note that it is told; then
each letter is claimed, sent and settled. A crash between the server's acceptance and the settling sends one
letter twice, under the same Message-ID; everywhere else a crash changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from notifier import schedule, troubles
from notifier.channels import Channel
from notifier.errors import DeliveryError
from notifier.message import Letterhead
from notifier.notice import notice
from storage import cursors, holders, operator, source_history
from storage.clock import from_stamp, now
from storage.database import Database
from storage.notes import Note, Notes
from storage.operator import Letter, News, Told

logger = logging.getLogger(__name__)

LATEST = timedelta(hours=6)
"""A letter is tried at least so often, however long it has failed: there may be no other way to reach us."""


def tell(
    log_db: Database,
    people_db: Database,
    channel: Channel,
    letterhead: Letterhead,
    recipients: Sequence[str],
    stopping: Callable[[], bool] = lambda: False,
    notes: Notes | None = None,
) -> tuple[int, int]:
    """Tell these addresses what is new; how many letters left, and how many could not. Without an address
    nothing is kept. `notes` keeps from one call to the next what could not be settled."""
    notes = notes or Notes()
    notes.write(people_db)
    if not recipients:
        _forget(people_db)
        return 0, 0
    _prepare(people_db, recipients)
    _owe(log_db, people_db, recipients)
    return _send(people_db, channel, letterhead, stopping, notes)


def _owe(log_db: Database, people_db: Database, recipients: Sequence[str]) -> None:
    moment = now()
    with people_db.read() as tx:
        told = operator.told(tx)
    news = _news(log_db, told)
    if not news:
        return
    with people_db.write() as tx:
        if operator.told(tx) == told:  # else another worker was faster
            operator.owe(tx, news, recipients, moment, moment - troubles.AGAIN)


def _news(log_db: Database, told: Sequence[Told]) -> list[News]:
    open_ones = {item.source for item in told if item.over_at is None}
    with log_db.read() as tx:
        found = {cursor.source: cursor for cursor in cursors.troubled(tx)}
        if not found and not open_ones:
            return []
        for source in open_ones - set(found):
            if cursor := cursors.get(tx, source):
                found[source] = cursor
        asked = [
            (cursor.source, troubles.BEGINNINGS[kind])
            for cursor in found.values()
            for kind in troubles.kinds(cursor)
        ]
        began = source_history.latest(tx, asked)
    return troubles.to_tell(found.values(), began, told, now())


def _send(
    people_db: Database,
    channel: Channel,
    letterhead: Letterhead,
    stopping: Callable[[], bool],
    notes: Notes,
) -> tuple[int, int]:
    sent = failed = 0
    while not stopping():
        moment = now()
        with people_db.read() as tx:
            if not operator.waiting(tx, moment):
                break
        with people_db.write() as tx:
            letter = operator.claim(tx, moment, moment + schedule.LEASE, holders.me())
        if letter is None:
            break
        try:
            channel.send(notice(letterhead, letter), letter.recipient)
        except Exception as error:  # neither a mail server nor a bug may stop the subscribers' alerts
            failed += 1
            _put_off(people_db, letter, error, notes)
            continue
        notes.write(people_db, _settled(letter))
        sent += 1
    return sent, failed


def _settled(letter: Letter) -> Note:
    return lambda tx: operator.settle(tx, letter, holders.me())


def _put_off(people_db: Database, letter: Letter, error: Exception, notes: Notes) -> None:
    moment = now()
    later = schedule.retry(letter.attempts, from_stamp(letter.tried_at), moment) or moment + LATEST
    if isinstance(error, DeliveryError):
        logger.warning("letter to the operator: %s; again at %s", error.brief, f"{later:%H:%M}")
    else:
        logger.error("letter to the operator: unexpected error", exc_info=error)
    words = str(error)
    notes.write(people_db, lambda tx: operator.postpone(tx, letter, holders.me(), later, words))


def _prepare(people_db: Database, recipients: Sequence[str]) -> None:
    """Give back what the dead held, and follow the operator to a new address."""
    with people_db.read() as tx:
        dead = [holder for holder in operator.holders(tx) if holders.gone(holder)]
        moved = operator.recipients(tx) - set(recipients)
    if dead or moved:
        with people_db.write() as tx:
            for holder in dead:
                operator.release(tx, holder)
            operator.readdress(tx, recipients, now())


def _forget(people_db: Database) -> None:
    with people_db.read() as tx:
        kept = bool(operator.told(tx) or operator.recipients(tx))
    if kept:
        with people_db.write() as tx:
            operator.forget(tx)
