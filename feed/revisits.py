"""When the page of an open call is looked at again: seldom at first, often towards the deadline.

Pure: no clock, no network, no database; times are parameters. May not know what a visit found.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY = timedelta(days=1)
PACE = (
    (timedelta(0), timedelta(hours=2)),
    (_DAY, timedelta(hours=6)),
    (3 * _DAY, _DAY),
    (14 * _DAY, 3 * _DAY),
    (60 * _DAY, 7 * _DAY),
)
"""Where the deadline is farther ahead than the first, so much lies between two visits."""
SELDOM = 7 * _DAY
"""Between two visits where no deadline is stated, or the announcement was withdrawn."""
HALF_A_YEAR = 182 * _DAY
"""So long after its announcement a call without a deadline is looked at."""
SHORTLY = timedelta(minutes=30)
LATER = 7 * _DAY
"""So long after the end the last two visits are: extensions are announced late."""
MISSING = timedelta(hours=12)
"""Between visits that find nothing at the address."""
GONE_VISITS, GONE_AFTER = 3, timedelta(hours=24)
"""So many visits, over so long, have to find nothing there: then the page is gone."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where an announcement with calls stands: when it was published, the deadline that comes next, or came
    last where none is open (None: none is stated), when they were closed (None: one is open), and whether it
    was withdrawn."""

    published: datetime
    deadline: datetime | None = None
    closed: datetime | None = None
    withdrawn: bool = False


def next_visit(key: str, course: Course, moment: datetime) -> datetime | None:
    """When the page is looked at again after a visit at `moment`; None: no more. `key` spreads the visits,
    the same way each time."""
    share = _share(key)
    spread = 0.9 + 0.2 * share
    if course.withdrawn:  # it may come back
        until = course.deadline or course.published + HALF_A_YEAR
        return moment + SELDOM * spread if moment < until else None
    if (end := _end(course)) is None:
        return moment + SELDOM * spread if moment < course.published + HALF_A_YEAR else None
    shortly, later = end + SHORTLY * (1 + share), end + LATER * (1 + share / 14)
    if moment < end:
        pace = max(pace for least, pace in PACE if end - moment > least)
        at = moment + pace * spread
        return at if at < end else shortly
    return next((one for one in (shortly, later) if moment < one), None)


def first_visit(key: str, course: Course, moment: datetime) -> datetime | None:
    """When a page is looked at first of which nothing is known: some time before its next visit would be, so
    that those of many calls do not come together."""
    later = next_visit(key, course, moment)
    return moment + (later - moment) * _share(f"{key} first") if later else None


def _end(course: Course) -> datetime | None:
    """When the call ends or ended, as far as that is known."""
    if course.closed is None:
        return course.deadline
    return min(course.closed, course.deadline) if course.deadline else course.closed


def _share(key: str) -> float:
    """A number from 0 to 1, always the same for the same key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 0xFFFFFFFF
