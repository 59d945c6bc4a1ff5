"""How each source is doing, as the page and the command show it: the troubles first.

Pure: no clock, no network, no database; the time is a parameter.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feed import plot, rhythm
from feed.source import Source
from storage import source_wording, wording
from storage.clock import from_stamp
from storage.cursors import Cursor
from storage.plain import line
from storage.source_history import WEEKS

TROUBLES = ("failing", "held", "ended")
"""The states that somebody should look at, the worst first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One source. `url` has no password; `reason` is what is wrong; `pace` is how often it is polled, in
    words, '' when it is not; `weeks` its announcements of the last weeks, `rhythm` the same in words."""

    id: str
    name: str
    url: str
    country: str
    health: str
    reason: str
    notes: tuple[str, ...]
    last_success: str | None
    next_poll: str | None
    pace: str
    seen: int
    new: int
    weeks: tuple[int, ...]
    rhythm: str

    @property
    def plot(self) -> str:
        """The path of the plot."""
        return plot.bars(self.weeks)


def rows(
    sources: Iterable[Source], cursors: Iterable[Cursor], weekly: Mapping[str, Sequence[int]] | None = None
) -> list[Row]:
    """The sources, those with troubles first, each by name. One that has no cursor was never polled."""
    known = {cursor.source: cursor for cursor in cursors}
    found = [_row(source, known.get(source.id), (weekly or {}).get(source.id)) for source in sources]
    return sorted(found, key=lambda row: (_rank(row.health), row.name.casefold(), row.id))


def _rank(health: str) -> int:
    return TROUBLES.index(health) if health in TROUBLES else len(TROUBLES)


def next_poll(row: Row, now: datetime, *, brief: bool = False) -> str:
    """When the source is polled next, in words: `in 12 minutes`."""
    if row.health == "ended":
        return "not any more"
    if row.next_poll is None or from_stamp(row.next_poll) <= now:
        return "now"
    return wording.ago(row.next_poll, now, brief=brief)


def lines(found: Sequence[Row], now: datetime, width: int | None = None) -> list[str]:
    """The rows for people: a line each, in columns; on a terminal of this width, what does not fit stands
    below."""
    table = [_cells(row, now) for row in found]
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*table, strict=True)]
    narrow = width is not None and sum(widths) + 2 * (len(widths) - 1) > width
    told = []
    for row, cells in zip(found, table, strict=True):
        padded = [f"{cell:{size}}" for cell, size in zip(cells, widths, strict=True)]
        wrong = "; ".join((*([row.reason] if row.reason else []), *row.notes))
        if narrow:
            wrong = f"{' '.join(padded.pop(_COUNTS).split())}{f'; {wrong}' if wrong else ''}"
        start = "  ".join(padded)
        if width is None or not wrong or len(start) + 2 + len(wrong) <= width:
            told.append(f"{start}  {wrong}".rstrip())
        else:
            told += [start.rstrip(), *_below(wrong, width)]
    return told


def _below(words: str, width: int) -> list[str]:
    deep = " " * 4
    return textwrap.wrap(
        words,
        width,
        initial_indent=deep,
        subsequent_indent=deep,
        break_on_hyphens=False,
        break_long_words=False,
    )


WIDEST = 27
"""No column is wider: one long id must not push everything else to the right."""
_COUNTS = 3


def _cells(row: Row, now: datetime) -> list[str]:
    success = wording.ago(row.last_success, now, brief=True) if row.last_success else "never read"
    upcoming = next_poll(row, now, brief=True)
    return [row.id, wording.HEALTHS[row.health], success, f"{row.seen:3} seen {row.new:4} new", upcoming]


def _row(source: Source, cursor: Cursor | None, weeks: Sequence[int] | None) -> Row:
    counts = tuple(weeks or [0] * WEEKS)
    health = cursor.health if cursor else "new"
    minutes = (cursor.pace if cursor else None) or source.interval_minutes or rhythm.DEFAULT_MINUTES
    return Row(
        id=source.id,
        name=line(source.name),
        url=source.public_url,
        country=source.country,
        health=health,
        reason=source_wording.plain(cursor.reason or "") if cursor else "",
        notes=tuple(source_wording.notes(cursor)) if cursor else (),
        last_success=cursor.last_success if cursor else None,
        next_poll=cursor.next_poll if cursor else None,
        pace="" if health == "ended" else source_wording.every(minutes),
        seen=cursor.seen if cursor else 0,
        new=cursor.new if cursor else 0,
        weeks=counts,
        rhythm=source_wording.rhythm(counts),
    )
