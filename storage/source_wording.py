"""How sources are doing, said in English: the same on pages and in feeds, on the command line and in mail.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from storage import wording
from storage.cursors import Cursor
from storage.plain import line, shorten

SAID_CHARACTERS = 300
Item = TypeVar("Item")

_NAMED = re.compile(
    r"\b(the name of the server|the server|to|of)"
    r" (?:localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9A-Fa-f:.]+\])(?::\d+)?(?=[\s:,]|$)"
)
"""A server's name in one of the reasons of feed.fetch."""


def plain(words: str) -> str:
    """Words of a server, as they may stand in a line of ours."""
    return shorten(line(words), SAID_CHARACTERS)


def summary(healths: Iterable[str]) -> list[tuple[str, int, str]]:
    """How many sources are in which state, as (health, count, words), the working ones first."""
    counts = Counter(healths)
    return [(key, counts[key], wording.HEALTHS[key]) for key in _ORDER if counts[key]]


_ORDER = ("ok", "failing", "held", "ended", "new")


def common(reason: str) -> str:
    """What a reason has in common with those of other servers: the server's name is left out."""
    return _NAMED.sub(
        lambda found: found[1] if "server" in found[1] else f"{found[1]} the server", plain(reason)
    )


def grouped(items: Iterable[Item], reason: Callable[[Item], str]) -> list[tuple[str, list[Item]]]:
    """The items by their reason, those with the most items first. A reason that only one has stands as it is,
    one that several have without a server's name."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(common(reason(item)), []).append(item)
    found = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [(key if len(group) > 1 else plain(reason(group[0])), group) for key, group in found]


def news(type_name: str, payload: Mapping[str, Any]) -> str:
    """What an event about a source says of it: `cannot be read: the server answered 503`; '' for others. Of
    one that was redacted (its payload is empty), that it was."""
    if not payload:
        return wording.REDACTED
    reason = plain(payload.get("reason") or "")
    if type_name in _FOR_A_REASON:
        return f"{_FOR_A_REASON[type_name]}: {reason}"
    if type_name == "SourceMoved":
        return f"has moved to {plain(payload['url'])}"
    if type_name == "SourceHeld":
        return f"{_announcements(payload['count'])} held back, more at once than its past explains"
    if type_name == "SourceReleased":
        told = "" if payload["told"] else ", telling nobody"
        return f"{_announcements(payload['count'])} released{told}"
    return _NEWS.get(type_name, "")


_FOR_A_REASON = {"SourceFailing": "cannot be read", "SourceEnded": "has ended"}
_NEWS = {"SourceRecovered": "works again", "SourceGap": "shows nothing that it showed at the poll before"}


def advice(type_name: str, source: str, payload: Mapping[str, Any]) -> str:
    """What follows from such an event, and what there is to do; '' where nothing is known of it any more."""
    if not payload:
        return ""
    if type_name == "SourceMoved":
        return f"It was polled at {plain(payload['before'])} before. Put its new address into the catalogue."
    return _ADVICE.get(type_name, "").format(source=source)


_ADVICE = {
    "SourceFailing": "It is tried again, soon at first and then less and less often. "
    "`communique sources check {source}` asks it once and records nothing.",
    "SourceRecovered": "It is polled as before.",
    "SourceEnded": "It is not polled any more. "
    "Take it out of the catalogue, or put its new address into the catalogue.",
    "SourceGap": "What stood between the two polls may be lost. It is polled more often from now on.",
    "SourceHeld": "They are recorded, but told to nobody until the operator looks at them and releases them: "
    "`communique sources release {source}`.",
    "SourceReleased": "Nothing of it is held back any more.",
}


def rhythm(weeks: Sequence[int]) -> str:
    """How often a source announces something, from its announcements of each of the last weeks."""
    total, length = sum(weeks), len(weeks)
    if not total:
        return f"no announcement in the last {length} weeks"
    span = length - next(place for place, count in enumerate(weeks) if count)
    quiet = next(place for place, count in enumerate(reversed(weeks)) if count)
    if span == 1:
        told = f"{_count(total, 'announcement')} in the last week, none known from the weeks before"
    elif total < 2 * span:
        told = f"{_count(total, 'announcement')} in the last {length} weeks"
    else:
        since = "" if span == length else f" in the last {span} weeks"
        told = f"{round(total / span)} announcements a week on average{since}"
    if quiet:
        told += f"; none in the last {'week' if quiet == 1 else f'{quiet} weeks'}"
    return told


def every(minutes: float) -> str:
    """How often something happens: `every 30 minutes`."""
    for unit, length in (("day", 1440.0), ("hour", 60.0), ("minute", 1.0)):
        if minutes >= 2 * length or (minutes >= length and minutes % length < length / 20):
            count = round(minutes / length)
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    if minutes >= 1:
        return "every minute"
    seconds = max(1, round(minutes * 60))
    return "every second" if seconds == 1 else f"every {seconds} seconds"


def notes(cursor: Cursor) -> list[str]:
    """What the operator should know of a source beside its state and its reason."""
    found = []
    if cursor.held and cursor.health != "held":
        found.append(f"{_announcements(cursor.held)} held back: `communique sources release {cursor.source}`")
    if cursor.gap:
        found.append("Its last poll shared nothing with the one before: what stood between may be lost.")
    if cursor.adopted:
        found.append(f"It has moved and is polled at {plain(cursor.adopted)}: put that into the catalogue.")
    return found


def _announcements(count: int) -> str:
    return f"{count} announcement is" if count == 1 else f"{count} announcements are"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
