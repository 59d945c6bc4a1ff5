"""The WebSub hubs that sources name: asked to push, asked again before the lease is over, left.

May not read what they push (feed.push), nor decide when to ask whom (feed.leases).
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from feed import hints, leases, rhythm, websub
from feed.errors import SourceBusy, SourceError
from feed.fetch import Fetcher
from feed.settings import Settings
from feed.source import Source
from storage import cursors, hubs
from storage.clock import from_stamp
from storage.cursors import Cursor
from storage.database import Database, Tx
from storage.hubs import Hub

logger = logging.getLogger(__name__)


def tend(
    db: Database,
    fetcher: Fetcher,
    settings: Settings,
    sources: Mapping[str, Source],
    now: datetime,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Ask the hubs that are due: to push, where the world can reach us; to stop, where their source is gone,
    names them no more, or cannot be pushed to any more."""
    with db.read() as tx:
        changed, forgotten = leases.plan(_named(tx, settings), hubs.everything(tx), now)
    if changed or forgotten:
        with db.write() as tx:
            changed, forgotten = leases.plan(_named(tx, settings), hubs.everything(tx), now)
            for hub in changed:
                hubs.put(tx, hub)
            for hub in forgotten:
                hubs.drop(tx, hub)
    with db.read() as tx:
        due = hubs.due(tx, now)
    for hub in due:
        if stopping():
            return
        source = sources.get(hub.source)
        _ask(db, fetcher, settings, hub, source.ports if source else (), now)


def after_poll(tx: Tx, before: Cursor, after: Cursor, new: int) -> Cursor:
    """Where we stand with a source after a poll that found `new` announcements, if a hub pushes it."""
    moment = from_stamp(after.last_poll or "")
    for hub in hubs.of(tx, after.source):
        if hub.state == "verified":
            known, after = leases.after_poll(hub, before, after, new, moment)
            if known != hub:
                hubs.put(tx, known)
    return after


def _named(tx: Tx, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """The hubs that sources name, as (source, hub, topic); none where they could not reach us."""
    for cursor in cursors.everything(tx) if settings.reachable else ():
        said = hints.from_text(cursor.hints)
        if said.hub and cursor.health != "ended":
            yield cursor.source, said.hub, said.topic or cursor.adopted or cursor.url


def _ask(
    db: Database, fetcher: Fetcher, settings: Settings, hub: Hub, ports: tuple[int, ...], now: datetime
) -> None:
    private = settings.allow_private_networks
    with db.write() as tx:  # written before it is asked: some verify us before they answer
        known = hubs.get(tx, hub.key)
        if known is None or known.next_ask != hub.next_ask:
            return  # another worker asks it, or it called
        hub = leases.asked(known, now, signed=websub.may_have_key(hub.hub, private_networks=private))
        hubs.put(tx, hub)
    question = websub.request(hub, settings.base_url, settings.secret_key)
    if hub.state == "leaving":  # the operator allowed its port when we came
        ports = (*ports, urlsplit(hub.hub).port or 443)
    try:
        answer = fetcher.get(dataclasses.replace(question, ports=ports))
    except SourceError as error:
        logger.warning("source %s: the hub %s: %s", hub.source, hub.host, error)
        later = rhythm.retry_after(error.retry_after, now) if isinstance(error, SourceBusy) else None
        return _refused(db, hub, str(error), later, now)
    except Exception as error:  # one hub's address must not keep us from the others
        logger.exception("source %s: the hub %s: unexpected error", hub.source, hub.host)
        return _refused(db, hub, f"unexpected error: {error!r}", None, now)
    if hub.signed and not websub.may_have_key(answer.url, private_networks=private):
        # It led us away from https: whoever listened knows the key.
        with db.write() as tx:
            if known := hubs.get(tx, hub.key):
                hubs.put(tx, dataclasses.replace(known, signed=False))


def _refused(db: Database, hub: Hub, reason: str, later: datetime | None, now: datetime) -> None:
    with db.write() as tx:
        known = hubs.get(tx, hub.key)
        # It may have called all the same, and we have confirmed it.
        if known and (known.state, known.verified_at) == (hub.state, hub.verified_at):
            hubs.put(tx, leases.refused(known, reason, later, now))
