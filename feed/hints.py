"""What a feed says of itself, in its head and in the HTTP header Link: how often to come, when not to come,
and where its hub is.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import urljoin

from storage.plain import is_clean

ELEMENTS = frozenset({"ttl", "hour", "day", "updatePeriod", "updateFrequency"})
"""The elements that are read: RSS 2.0 `ttl`, `skipHours/hour`, `skipDays/day`; RSS 1.0 syndication module."""

ADDRESS_CHARACTERS = 2000

_LINK = re.compile(r"<([^<>]*)>")
_PARAMETER = re.compile(r"\s*;\s*([^\s=;,]*)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^\s;,]*)))?")
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a feed's own wishes. `minutes` lie between two polls at least; `skip_hours` are hours
    of the day in UTC (0 to 23), `skip_days` days of the week (Monday is 0) on which it wants no poll; `hub`
    is its WebSub hub, `topic` the address under which that hub knows it."""

    minutes: float = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub: str | None = None
    topic: str | None = None

    def to_text(self) -> str:
        """A line to keep; '' where nothing is said."""
        return json.dumps(asdict(self)) if self != Hints() else ""


def from_text(text: str) -> Hints:
    """The hints that were kept."""
    if not text:
        return Hints()
    kept = json.loads(text)
    return Hints(**{**kept, "skip_hours": tuple(kept["skip_hours"]), "skip_days": tuple(kept["skip_days"])})


def read(said: Mapping[str, Sequence[str]], links: Sequence[tuple[str, str]] = ()) -> Hints:
    """The hints in the texts of ELEMENTS, and in the head's links, each a relation and an address.

    What cannot be understood says nothing.
    """
    hours = {int(text) % 24 for text in said.get("hour", ()) if re.fullmatch(r"\s*[0-9]{1,2}\s*", text)}
    days = {text.strip().lower() for text in said.get("day", ())}
    return Hints(
        minutes=max(_number(said, "ttl", 0), _syndication(said)),
        skip_hours=tuple(sorted(hours)) if len(hours) < 24 else (),
        skip_days=tuple(place for place, day in enumerate(_DAYS) if day in days) if len(days) < 7 else (),
        hub=_first("hub", links),
        topic=_first("self", links),
    )


def located(said: Hints, header: str, url: str) -> Hints:
    """The hints with what the HTTP header Link says, which counts before the feed's own head (WebSub, 4), and
    with whole addresses in place of relative ones; the answer was found at `url`."""
    links = linked(header)
    return replace(
        said,
        hub=_whole(_first("hub", links) or said.hub, url),
        topic=_whole(_first("self", links) or said.topic, url),
    )


def linked(header: str) -> list[tuple[str, str]]:
    """The links of the HTTP header Link (RFC 8288, 3), each a relation and an address as it stands.

    A link with several relations is there once for each; one that is about something else than the answer
    (`anchor`) is left out, and so is what cannot be understood.
    """
    found, place = [], 0
    while link := _LINK.search(header, place):
        place, said = link.end(), dict[str, str]()
        while parameter := _PARAMETER.match(header, place):
            place = parameter.end()
            quoted = re.sub(r"\\(.)", r"\1", parameter[2] or "")
            said.setdefault(parameter[1].lower(), quoted or parameter[3] or "")  # the first one counts
        if "anchor" not in said:
            found += [(relation, link[1].strip()) for relation in said.get("rel", "").lower().split()]
    return found


def _first(relation: str, links: Sequence[tuple[str, str]]) -> str | None:
    addresses = (address for known, address in links if known == relation)
    return next((address for address in addresses if len(address) <= ADDRESS_CHARACTERS), None)


def _whole(address: str | None, url: str) -> str | None:
    try:
        return urljoin(url, address) if address and is_clean(address) else None
    except ValueError:
        return None


def _syndication(said: Mapping[str, Sequence[str]]) -> float:
    """The minutes between two updates, as the syndication module of RSS 1.0 has them."""
    period = next(iter(said.get("updatePeriod", ())), "").strip().lower()
    return _PERIODS.get(period, 0) / max(_number(said, "updateFrequency", 1), 1)


def _number(said: Mapping[str, Sequence[str]], name: str, default: float) -> float:
    text = next(iter(said.get(name, ())), "").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,3})?", text) else default
