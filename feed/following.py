"""A mirror: what another installation's log has more than ours is verified and added to ours.

May not record anything of its own, and may not go on when the other log tells another history.
"""

from __future__ import annotations

from collections.abc import Iterator

from feed.errors import SourceError
from feed.mirror import Origin
from storage import lines, log
from storage.carrying import AnotherHistory, Intake, Refused
from storage.database import Database


class Rewritten(Exception):
    """The other log is no longer one that ours is the beginning of; the message says from where on."""


def catch_up(log_db: Database, origin: Origin, intake: Intake) -> Iterator[int]:
    """Ask once for what is new, and take it in; tells after each slice at which position our log ends.

    It is asked from one position before our end, so that the last event we have comes again: the other log
    has to have the same. What came whole is kept when the connection breaks. Raises SourceError, Rewritten,
    and Refused for what does not verify.
    """
    with log_db.read() as tx:
        ours = log.head(tx)
    met = intake.known + intake.new
    try:
        for _ in intake.take(origin.lines(max(ours.position - 1, 0))):
            yield intake.head.position
    except AnotherHistory:
        raise _parting(log_db, origin, ours.position) from None
    if ours.position and intake.known + intake.new == met:
        raise _parting(log_db, origin, ours.position)


def _parting(log_db: Database, origin: Origin, end: int) -> Exception:
    """From where on the other log differs from ours, which it does at `end`: a few questions tell, since a
    chain covers all that is before it."""
    low, high = 1, end
    while low < high:
        middle = (low + high) // 2
        if _theirs(origin, middle) == _ours(log_db, middle):
            low = middle + 1
        else:
            high = middle
    ours, theirs = _ours(log_db, low), _theirs(origin, low)
    if ours == theirs:
        return SourceError("answers differently each time it is asked")
    if theirs is None:
        return Rewritten(
            f"the log at {origin.url} ends at position {low - 1}, ours at {end}: it has not what we have"
            f" from position {low} on (ours {ours}). {_OR_HERE.format('cut off')}"
        )
    return Rewritten(
        f"the log at {origin.url} was rewritten: from position {low} on it tells another history"
        f" (ours {ours}, theirs {theirs}). {_OR_HERE.format('rewritten')}"
    )


_OR_HERE = (
    "If it was not {}, events were recorded here, which a mirror must not do. Nothing was changed in our log"
)


def _ours(log_db: Database, position: int) -> str | None:
    with log_db.read() as tx:
        event = log.get(tx, position)
    return event.chain if event else None


def _theirs(origin: Origin, position: int) -> str | None:
    line = origin.event(position)
    if line is None:
        return None
    event = lines.read(line).event
    if event.position != position:
        raise Refused(f"position {event.position} was answered where {position} was asked for")
    return event.chain
