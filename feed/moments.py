"""When an entry says that it was published, in whatever form it says so.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from feed.extract.calendar import days

_EAST_ASIAN = re.compile(r"([0-9]{4})\s*[年년]\s*([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일]")
_SHORT = re.compile(r"\b([0-9]{1,2})[/-]([0-9]{1,2})[/-][0-9]{2,4}\b")
AHEAD = timedelta(days=2)
"""So far ahead of us a publisher's clock or time zone may be."""


def published(stated: str, parsed: Sequence[int] | None) -> str | None:
    """The moment as ISO 8601: a bare date where no time is stated, else with offset; None when it cannot be
    read. `parsed` is what feedparser reads in it (UTC: year, month, day, hour, minute, second, …), which is
    not always what it says."""
    if parsed and (moment := _moment(parsed)) and _agree(moment, stated):
        return moment.isoformat() if ":" in stated else moment.date().isoformat()
    day = _east_asian(stated) or _written_out(stated)
    return day.isoformat() if day else None


def from_the_future(stated: str | None, now: datetime) -> bool:
    """Whether an ISO 8601 moment lies further ahead than any clock is wrong."""
    if stated is None:
        return False
    moment = datetime.fromisoformat(stated)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > now + AHEAD


def _moment(parsed: Sequence[int]) -> datetime | None:
    year, month, day, hour, minute, second = parsed[:6]
    if not 1970 <= year <= 2200:
        return None  # 'never', in the words of a machine
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def _agree(moment: datetime, stated: str) -> bool:
    """Whether the year and the day (give or take a time zone) stand in the text."""
    numbers = {int(text) for text in re.findall("[0-9]+", stated) if len(text) < 9}
    nearby = {(moment + timedelta(days=shift)) for shift in (-1, 0, 1)}
    if any(int(f"{one:%Y%m%d}") in numbers for one in nearby):
        return True
    return any({one.year, one.year % 100} & numbers and one.day in numbers for one in nearby)


def _east_asian(stated: str) -> date | None:
    found = _EAST_ASIAN.search(stated)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _written_out(stated: str) -> date | None:
    """A date as people write it. Where day and month could be either, none is read."""
    short = _SHORT.search(stated)
    if short and int(short[1]) <= 12 and int(short[2]) <= 12 and short[1] != short[2]:
        return None
    found = days(stated, 0, len(stated), None, month_first=False)
    return found[0].day if len(found) == 1 and re.search(r"[0-9]{4}", stated) else None
