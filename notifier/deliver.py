"""The two loops: what is new in the log becomes owed, and what is due is sent.

`match_new` writes one people transaction per slice of the log; `deliver_due` claims, renders, sends and
settles one message at a time. A crash between the server's acceptance and the settling sends one message
twice, under the same Message-ID; everywhere else a crash changes nothing. What cannot be settled, as on a
full disk, is settled before anything else is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from functools import lru_cache
from urllib.parse import parse_qsl

from notifier import message as writing
from notifier import schedule
from notifier.channels import Channel
from notifier.errors import DeliveryError
from notifier.message import Letterhead
from storage import catalogue, filters, holders, log, outbox, people
from storage.catalogue import Entry
from storage.clock import from_stamp, now
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.events import BY_THE_CLOCK
from storage.filters import Filter
from storage.notes import Notes
from storage.outbox import CONFIRMATION, Batch
from storage.people import Subscription

logger = logging.getLogger(__name__)

CONSUMER = "match"
WORDS = frozenset({"title", "summary"})
SLICE = 500
"""So many events are matched in one transaction."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An event that a subscription should have."""

    subscription: Subscription
    entry: Entry


def match_new(log_db: Database, people_db: Database) -> int:
    """Owe every new event to whoever asked for it; how many deliveries that makes."""
    matched = 0
    while True:
        with people_db.read() as tx:
            start = outbox.checkpoint(tx, CONSUMER)
        end, entries = _slice(log_db, start)
        if end == start:
            _check_pair(log_db, start)
            return matched
        moment = now()
        with people_db.write() as tx:  # step 6
            if outbox.checkpoint(tx, CONSUMER) != start:
                continue  # another worker was faster
            for owed in _matching(people.confirmed(tx), entries, moment):
                due = schedule.due(owed.subscription.cadence, moment)
                matched += outbox.owe(tx, owed.subscription.id, owed.entry.event.position, moment, due)
            outbox.move_checkpoint(tx, CONSUMER, end)


def rehearse(log_db: Database, people_db: Database) -> list[Owed]:
    """What `match_new` would find; nothing is written."""
    with people_db.read() as tx:
        start, subscriptions = outbox.checkpoint(tx, CONSUMER), list(people.confirmed(tx))
    owed: list[Owed] = []
    while True:
        end, entries = _slice(log_db, start)
        if end == start:
            return owed
        owed += _matching(subscriptions, entries, now())
        start = end


def deliver_due(
    log_db: Database,
    people_db: Database,
    channel: Channel,
    letterhead: Letterhead,
    stopping: Callable[[], bool] = lambda: False,
    notes: Notes | None = None,
) -> tuple[int, int]:
    """Send what is due; how many deliveries were sent, and how many could not be (now or for good).

    `notes` keeps from one call to the next what could not be settled. Raises StorageError when a database
    cannot be read or written.
    """
    notes = notes or Notes()
    notes.write(people_db)
    _release_the_dead(people_db)
    sent = failed = 0
    while not stopping():
        moment = now()
        with people_db.write() as tx:  # step 7
            batch = outbox.claim(tx, moment, moment + schedule.LEASE, holders.me())
            subscription = people.get(tx, batch.subscription) if batch else None
        if batch is None or subscription is None:
            break
        size = len(batch.positions)
        if _deliver(log_db, people_db, channel, letterhead, subscription, batch, notes):
            sent += size
        else:
            failed += size
    return sent, failed


def _deliver(
    log_db: Database,
    people_db: Database,
    channel: Channel,
    letterhead: Letterhead,
    subscription: Subscription,
    batch: Batch,
    notes: Notes,
) -> bool:
    try:
        message = _render(log_db, letterhead, subscription, batch)  # step 8
        if message is None:
            _drop(people_db, batch)
            return False
        channel.send(message, subscription.email)  # step 9
    except DeliveryError as error:
        _put_off(people_db, batch, error, notes)
        return False
    except Exception as error:  # a bug that one message brings to light must not stop the others
        logger.exception("delivery %s: unexpected error", batch.id)
        unexpected = DeliveryError(repr(error), permanent=False, brief="unexpected error")
        _put_off(people_db, batch, unexpected, notes)
        return False
    notes.write(people_db, lambda tx: outbox.settle(tx, batch, holders.me(), now()))  # step 10
    return True


def _render(
    log_db: Database, letterhead: Letterhead, subscription: Subscription, batch: Batch
) -> EmailMessage | None:
    """None where nothing of the batch can be told any more."""
    if batch.positions == (CONFIRMATION,):
        return writing.confirmation(letterhead, subscription, batch, now())
    with log_db.read() as tx:
        entries = [entry for position in batch.positions if (entry := _entry(tx, position))]
    return writing.alert(letterhead, subscription, batch, entries, now()) if entries else None


def _drop(people_db: Database, batch: Batch) -> None:
    with people_db.write() as tx:
        outbox.fail(tx, batch, holders.me(), now(), "its events were taken out of the log")


def _put_off(people_db: Database, batch: Batch, error: DeliveryError, notes: Notes) -> None:
    moment = now()
    later = None if error.permanent else schedule.retry(batch.attempts, from_stamp(batch.tried_at), moment)
    logger.warning(
        "delivery %s: %s; %s", batch.id, error.brief, f"again at {later:%H:%M}" if later else "given up"
    )

    def note(tx: Tx) -> None:
        if later:
            outbox.postpone(tx, batch, holders.me(), later, str(error))
        else:
            outbox.fail(tx, batch, holders.me(), moment, str(error))

    notes.write(people_db, note)


def _slice(log_db: Database, start: int) -> tuple[int, list[Entry]]:
    """The next events behind `start`: the last position read, and those that are news of a subject, with
    those that were held until now."""
    entries: list[Entry] = []
    with log_db.read() as tx:
        events = list(log.read(tx, after=start, limit=SLICE))
        for event in events:
            if event.type == "SourceReleased":
                entries += catalogue.released(tx, event.position)
            elif (entry := catalogue.entry(tx, event)) and _is_news(entry):
                entries.append(entry)
    return (events[-1].position if events else start), entries


def _is_news(entry: Entry) -> bool:
    """Whether anyone should be told: not what a source already showed at its first poll, not what came in a
    flood, nor what happens to that before it is released, not that only words have changed, nor what was
    redacted."""
    payload = entry.event.payload
    if not payload or entry.backfill or entry.held or payload.get("held"):
        return False
    changed = payload.get("changed")
    return changed is None or not WORDS.issuperset(changed)


def _is_wanted(wanted: Filter, entry: Entry, moment: datetime) -> bool:
    """Whether it is what a filter asks for. That a deadline passed as announced is told to those only who ask
    for what is closed."""
    if _is_by_the_clock(entry) and "closed" not in wanted.status:
        return False
    day = date.fromisoformat(entry.event.recorded_at[:10])
    return filters.matches(wanted, entry.subject, day, moment)


def _is_by_the_clock(entry: Entry) -> bool:
    evidence = entry.event.payload.get("evidence", ())
    return entry.event.type == "CallClosed" and any(item["rule"] == BY_THE_CLOCK for item in evidence)


def _check_pair(log_db: Database, checkpoint: int) -> None:
    """Raises StorageError when the log ends before what was matched: then the two files do not belong
    together, and new events would pass for told ones."""
    with log_db.read() as tx:
        end = log.head(tx).position
    if checkpoint > end:
        raise StorageError(
            f"people.db has seen the log up to position {checkpoint}, but it ends at {end}: "
            "restore both files from one backup"
        )


def _matching(
    subscriptions: Iterable[Subscription], entries: Sequence[Entry], moment: datetime
) -> list[Owed]:
    owed = []
    for subscription in subscriptions if entries else ():
        if (wanted := _filter(subscription.filter)) is None:
            logger.warning("subscription %s: its filter cannot be read any more", subscription.id)
            continue
        for entry in entries:
            after = subscription.after or 0
            if entry.event.position > after and _is_wanted(wanted, entry, moment):
                owed.append(Owed(subscription, entry))
    return owed


@lru_cache(maxsize=4096)
def _filter(query: str) -> Filter | None:
    try:
        return filters.parse(parse_qsl(query))
    except filters.FilterError:
        return None


def _entry(tx: Tx, position: int) -> Entry | None:
    event = log.get(tx, position)
    return catalogue.entry(tx, event) if event else None


def _release_the_dead(people_db: Database) -> None:
    with people_db.read() as tx:
        dead = [holder for holder in outbox.holders(tx) if holders.gone(holder)]
    if dead:
        with people_db.write() as tx:
            for holder in dead:
                outbox.release(tx, holder)
