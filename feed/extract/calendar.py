"""Dates and times as they are written, with their zones.

Pure: no clock, no network, no database; dates.toml and the zone tables are read once. What a date means for a
call is not known here.
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

_MOST = 400
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s{1,3}(?:the\s)?)?"
_DATE = re.compile(
    r"(?=\d|\b[mtwfsjaond])"  # so that most places of a text are passed over at once
    rf"(?:(?<![\d.,/£€$₹])(?:(?P<iy>20\d\d)-(?P<im>\d\d)-(?P<id>\d\d)(?!\d)"
    rf"|{_DAY}(?P<d1>\d{{1,2}})\s?(?:st|nd|rd"
    rf"|th)?(?:\s+of)?[\s\-]{{0,2}}(?P<m1>{_MONTH})(?:,?[\s\-’']{{0,3}}(?P<y1>20\d\d|\d\d(?![\d:]|\.\d"
    rf"|\s?[ap]\.?m))(?!\d))?"
    r"|(?P<a>\d{1,2})(?P<sep>[./\-])(?P<b>\d{1,2})(?P=sep)(?P<y2>20\d\d|\d\d)(?![\d/]))"
    rf"|\b{_DAY}(?P<m3>{_MONTH})\s{{1,2}}(?P<d3>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?!\d)(?:,?\s{{0,2}}(?P<y3>20\d\d))?)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\b(?:from|between|open) (?:the )?(?P<day>\d{1,2})(?P<end>\s?(?:st|nd|rd|th)?)\s?(?:to|until|till"
    r"|and|-|–)"
    r"\s?(?:the )?$",
    re.IGNORECASE,
)
_CLOCK = (
    r"(?P<noon>12(?:[:.]00)?\s?(?:noon|midday)|[Nn]oon|[Mm]idday)"
    r"|(?P<h>\d{1,2})(?:[:.](?P<mi>\d{2}))?(?:[:.]\d\d)?\s?(?P<half>[apAP]\.?\s?[mM]\b\.?)"
    r"|(?P<h24>\d{1,2})(?:[:.]|[hH](?=\d\d\b))(?P<mi24>\d{2})(?:[:.]\d\d)?(?!\d)(?:\s?(?:[Hh]rs?|[Hh]ours|h)\b)?"
    r"|(?P<h4>[012]\d)(?P<mi4>[0-5]\d)\s?(?:[Hh]rs?|[Hh]ours|h)\b"
)


@dataclass(frozen=True, slots=True)
class Day:
    """A date at [start, end), with the time and zone beside it if there are any."""

    day: date
    start: int
    end: int
    clock: time | None = None
    zone: str | None = None

    def iso(self, country: str | None) -> str:
        """ISO 8601: with an offset where time and zone are known, else the bare date."""
        zone = self.zone or _data()["countries"].get(country or "")
        if self.clock is None or zone is None:
            return self.day.isoformat()
        return datetime.combine(self.day, self.clock, tzinfo=ZoneInfo(zone)).isoformat()


@cache
def _data() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("feed.extract").joinpath("dates.toml").read_text(encoding="utf-8"))


def _zone() -> str:
    """A zone by its name ('CET', 'UK time') or by a city's: 'Brussels local time', 'Oslo Time'."""
    names = sorted(_data()["zones"], key=len, reverse=True)
    known = "|".join(re.escape(name).replace(r"\ ", r"\s") for name in names)
    return (
        rf"(?P<zone>(?:{known})\b)|(?P<city>[A-Z][a-zA-Z]+(?: [A-Z][a-z]+)?)(?: local| standard)? [Tt]ime\b"
    )


@cache
def _cities() -> dict[str, str]:
    """The zones that bear a city's name, by the city."""
    zones = sorted(available_timezones(), key=lambda zone: zone.count("/"), reverse=True)
    return {zone.rpartition("/")[2].replace("_", " ").casefold(): zone for zone in zones if "/" in zone}


@cache
def _after() -> re.Pattern[str]:
    return re.compile(
        rf"[,;\s]{{0,3}}(?:(?:at|by|before|@|-|–|—|\(|until|till|upto|up to|latest by|no later than"
        rf"|\|)\s{{0,2}}){{0,2}}\(?(?:{_CLOCK})[,.\s]{{0,2}}\(?(?:{_zone()})?"
    )


@cache
def _before() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\d:.£€$])(?:{_CLOCK})[,.\s]{{0,2}}\(?(?:{_zone()})?\)?,?\s{{0,2}}(?:on"
        rf"|of)?,?\s{{0,2}}(?:the\s|(?:{_DAY}))?$",
        re.I,
    )


def published_on(published: str | None) -> date | None:
    """The day of an ISO 8601 date or date and time; None if it is none."""
    try:
        return date.fromisoformat((published or "")[:10])
    except ValueError:
        return None


def days(doc: str, low: int, high: int, published: str | None, *, month_first: bool) -> list[Day]:
    """The dates in [low, high) of a document. One without a year takes its neighbour's, or the next one."""
    matches: list[tuple[re.Match[str], int | None, int, int]] = []
    for match in _DATE.finditer(doc, low, high):
        matches.append((match, *_read(match, month_first)))
        if len(matches) >= _MOST:
            break
    found: list[Day] = []
    for index, (match, year, month, number) in enumerate(matches):
        after = matches[index + 1] if index + 1 < len(matches) else None
        told = year
        if year is None and after is not None and after[1] and after[0].start() - match.end() < 60:
            told = after[1] if (month, number) <= after[2:] else after[1] - 1
        day = _dated(told, month, number, published_on(published))
        if day is not None:
            found += _first_of_range(doc, low, match, day)
            found.append(Day(day, match.start(), match.end(), *_clock(doc, match.start(), match.end(), low)))
    return found


def _first_of_range(doc: str, low: int, match: re.Match[str], last: date) -> list[Day]:
    """The first day of a period whose month is told with the last one only: 'from 3rd to 31st July'."""
    if not match["d1"]:
        return []
    bare = _BARE.search(doc[max(low, match.start() - 24) : match.start()])
    if bare is None or not 0 < int(bare["day"]) < last.day:
        return []
    start = match.start() - len(bare[0]) + (bare.start("day") - bare.start())
    return [Day(last.replace(day=int(bare["day"])), start, start + bare.end("end") - bare.start("day"))]


def _read(match: re.Match[str], month_first: bool) -> tuple[int | None, int, int]:
    part = match.groupdict()
    if part["iy"]:
        return int(part["iy"]), int(part["im"]), int(part["id"])
    if part["a"]:
        first, second, year = int(part["a"]), int(part["b"]), int(part["y2"])
        year = year + 2000 if year < 100 else year
        if (month_first and first <= 12) or second > 12:
            first, second = second, first
        return year, second, first
    month = part["m1"] or part["m3"]
    year_text = part["y1"] or part["y3"]
    year_found = (int(year_text) + 2000 if len(year_text) == 2 else int(year_text)) if year_text else None
    return year_found, _MONTHS.index(month[:3].casefold()) + 1, int(part["d1"] or part["d3"])


def _dated(year: int | None, month: int, number: int, published: date | None) -> date | None:
    """The date, or None: 31 February, or no year and nothing to tell it from."""
    try:
        if year is not None:
            return date(year, month, number)
        if published is None:
            return None
        day = date(published.year, month, number)
        return day if day >= published - timedelta(days=31) else day.replace(year=published.year + 1)
    except ValueError:
        return None


def _clock(doc: str, start: int, end: int, low: int) -> tuple[time | None, str | None]:
    after = _after().match(doc, end)
    before = None if after else _before().search(doc[max(low, start - 45) : start])
    match = after or before
    if match is None:
        return None, None
    zone, city = match["zone"], match["city"]
    named = _zone_named(" ".join(zone.split())) if zone else None
    if city:
        place = city.casefold()
        named = _zone_named(f"{city} time") or _cities().get(place) or _cities().get(place.split()[-1])
    return _time(match), named


@cache
def _folded_zones() -> dict[str, str]:
    return {name.casefold(): zone for name, zone in _data()["zones"].items()}


def _zone_named(name: str) -> str | None:
    return _folded_zones().get(name.casefold())


def _time(match: re.Match[str]) -> time | None:
    if match["noon"]:
        return time(12)
    try:
        if match["h"]:
            hour, minute = int(match["h"]) % 12, int(match["mi"] or 0)
            return time(hour + 12 if match["half"][0] in "pP" else hour, minute)
        if match["h4"]:
            return time(int(match["h4"]), int(match["mi4"]))
        return time(int(match["h24"]), int(match["mi24"]))
    except ValueError:
        return None


_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
        ],
        start=1,
    )
} | {"a": 1, "an": 1}
_RELATIVE = re.compile(
    r"\b(?:clos(?:es?|ing)|deadline (?:is|falls)|applications? (?:close|are due))\s+(?:in|within"
    r"|after)\s+(?P<n>\d{1,3}|[a-z]+)\s+(?P<unit>day|week|month)s?"
    r"(?:['’]? time)?(?! of (?:opening|launch))",
    re.IGNORECASE,
)


_TOMORROW = re.compile(
    r"\b(?:applications?|call|calls|competition|fellowships?|window|deadline|portal|submissions?)\b[^.;\n]{0,40}\b"
    r"(?:clos(?:es?|ing)|ends?|is)\s(?P<day>today|tomorrow)\b",
    re.IGNORECASE,
)


def relative(doc: str, low: int, high: int, published: str | None) -> tuple[str, int, int] | None:
    """'Closes in six weeks' counted from the day of publication: the date, and where the words stand."""
    base = published_on(published)
    if base is None:
        return None
    if near := _TOMORROW.search(doc, low, high):
        day = base + timedelta(days=near["day"].casefold() == "tomorrow")
        return day.isoformat(), near.start(), near.end()
    match = _RELATIVE.search(doc, low, high)
    if match is None:
        return None
    number = int(match["n"]) if match["n"].isdigit() else _NUMBERS.get(match["n"].casefold(), 0)
    if number <= 0 or number > 400:
        return None
    unit = match["unit"].casefold()
    if unit == "month":
        day = _months_later(base, number)
    else:
        day = base + timedelta(days=number * (7 if unit == "week" else 1))
    return day.isoformat(), match.start(), match.end()


def _months_later(base: date, number: int) -> date:
    """The same day of a later month, or that month's last day."""
    years, month = divmod(base.month - 1 + number, 12)
    last = monthrange(base.year + years, month + 1)[1]
    return date(base.year + years, month + 1, min(base.day, last))
