"""What the operator is to be told of sources: troubles that persist, once, and once that they are over.

Pure: no clock, no network, no database; the time is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from storage import source_wording
from storage.clock import to_stamp
from storage.cursors import Cursor
from storage.operator import News, Told
from storage.plain import line

PERSISTS = 3
"""A source that failed at so many polls in a row fails for good, as far as we can tell: some 15 minutes."""
GATHERED = 4
"""Others that fail for the same reason are waited for until one of them has failed so often."""
AGAIN = timedelta(hours=1)
"""News of the same kind, for the same reason, are gathered for so long: a network that is down lets one
source fail after the other, as they are polled, and come back the same way."""

BEGINNINGS = {"failing": "SourceFailing", "held": "SourceHeld", "ended": "SourceEnded"}
"""The event that begins a trouble of each kind."""

Key = tuple[str, str]
Began = Mapping[Key, tuple[int, str]]


def kinds(cursor: Cursor) -> list[str]:
    """The troubles that a source has now, however new."""
    if not cursor.active:
        return []
    health = [cursor.health] if cursor.health in ("failing", "ended") else []
    return health + (["held"] if cursor.held else [])


def to_tell(cursors: Iterable[Cursor], began: Began, told: Sequence[Told], now: datetime) -> list[News]:
    """What to tell the operator now, perhaps nothing.

    `cursors` are the sources in trouble and those that `told` tells of; `began` has the position and the time
    of the last event of each (source, type) that began a trouble. As soon as something is to be told, all
    that there is goes with it.
    """
    known = {cursor.source: cursor for cursor in cursors}
    before = {(item.source, item.kind): item for item in told}
    troubles = [_begun(cursor, kind, began) for cursor in known.values() for kind in kinds(cursor)]
    new = [item for item in troubles if not _is_told(item, before.get((item.source, item.kind)))]
    lasting = [item for item in new if _persists(item, known)]
    over = [
        _over(item, known.get(item.source))
        for item in told
        if item.over_at is None and _is_over(item, known.get(item.source))
    ]
    recent = [item for item in told if item.kind == "failing"]
    if any(_is_ripe(item, new, known, recent, now) for item in lasting) or any(
        _is_ripe_end(item, recent, now) for item in over
    ):
        return lasting + over
    return []


def _begun(cursor: Cursor, kind: str, began: Began) -> News:
    position, since = began.get((cursor.source, BEGINNINGS[kind]), (0, cursor.last_poll or ""))
    reason = source_wording.plain(cursor.reason or "")
    if kind == "held":
        reason = source_wording.news("SourceHeld", {"count": cursor.held})
    return News(
        what=kind,
        source=cursor.source,
        name=line(cursor.name),
        url=cursor.url,
        kind=kind,
        position=position,
        since=since,
        reason=reason,
        common=source_wording.common(reason),
    )


def _is_told(item: News, before: Told | None) -> bool:
    return before is not None and before.over_at is None and before.position == item.position


def _persists(item: News, known: Mapping[str, Cursor]) -> bool:
    return item.kind != "failing" or known[item.source].failures >= PERSISTS


def _is_over(item: Told, cursor: Cursor | None) -> bool:
    """Whether it is over in a way that is worth telling: a source that ended is told of as that."""
    if cursor is None or not cursor.active:
        return True
    return item.kind not in kinds(cursor) and not (item.kind == "failing" and cursor.health == "ended")


def _over(item: Told, cursor: Cursor | None) -> News:
    gone = cursor is None or not cursor.active
    return News(
        what="removed" if gone else _ENDINGS[item.kind],
        source=item.source,
        name=line(cursor.name) if cursor else item.name,
        url=cursor.url if cursor else "",
        kind=item.kind,
        position=item.position,
        since=item.since,
        reason="",
        common=item.common,
    )


_ENDINGS = {"failing": "works", "held": "released", "ended": "resumed"}


def _is_ripe(
    item: News, new: Sequence[News], known: Mapping[str, Cursor], recent: Sequence[Told], now: datetime
) -> bool:
    """Whether the beginning of a trouble that persists need not wait for others of its kind."""
    if item.kind != "failing":
        return True
    alike = [
        known[other.source].failures
        for other in new
        if (other.kind, other.common) == ("failing", item.common)
    ]
    if min(alike) < PERSISTS and max(alike) < GATHERED:
        return False
    since = to_stamp(now - AGAIN)
    return not any(other.common == item.common and other.told_at > since for other in recent)


def _is_ripe_end(item: News, recent: Sequence[Told], now: datetime) -> bool:
    since = to_stamp(now - AGAIN)
    return item.kind != "failing" or not any(
        other.common == item.common and other.over_at is not None and other.over_at > since
        for other in recent
    )
