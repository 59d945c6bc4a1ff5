"""What a feed says of itself in its head: how often to come, when not to come, and where its hub is.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

ELEMENTS = frozenset({"ttl", "hour", "day", "updatePeriod", "updateFrequency"})
"""The elements that are read: RSS 2.0 `ttl`, `skipHours/hour`, `skipDays/day`; RSS 1.0 syndication module."""

ADDRESS_CHARACTERS = 2000

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
    links = [(relation, address) for relation, address in links if len(address) <= ADDRESS_CHARACTERS]
    hours = {int(text) % 24 for text in said.get("hour", ()) if re.fullmatch(r"\s*[0-9]{1,2}\s*", text)}
    days = {text.strip().lower() for text in said.get("day", ())}
    return Hints(
        minutes=max(_number(said, "ttl", 0), _syndication(said)),
        skip_hours=tuple(sorted(hours)) if len(hours) < 24 else (),
        skip_days=tuple(place for place, day in enumerate(_DAYS) if day in days) if len(days) < 7 else (),
        hub=next((address for relation, address in links if relation == "hub"), None),
        topic=next((address for relation, address in links if relation == "self"), None),
    )


def _syndication(said: Mapping[str, Sequence[str]]) -> float:
    """The minutes between two updates, as the syndication module of RSS 1.0 has them."""
    period = next(iter(said.get("updatePeriod", ())), "").strip().lower()
    return _PERIODS.get(period, 0) / max(_number(said, "updateFrequency", 1), 1)


def _number(said: Mapping[str, Sequence[str]], name: str, default: float) -> float:
    text = next(iter(said.get(name, ())), "").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,3})?", text) else default
