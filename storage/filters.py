"""What a reader asks for: one grammar for every listing, feed and subscription, and its pure matcher.

Pure: no clock, no network, no database (the catalogue turns the same Filter into SQL).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import list_currencies

from storage import terms
from storage.events import Money
from storage.plain import is_clean

KINDS = ("initiative", "call")
STATUSES = ("open", "upcoming", "closed")


class FilterError(ValueError):
    """A filter that cannot be understood; the message is one clear line for the person who asked."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show or to tell. An empty field does not restrict; within a field any value will do,
    but all of `partners` and all words of `q` must be there."""

    kind: tuple[str, ...] = ()
    technology: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    q: str = ""
    status: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    closing_within: int | None = None
    """Days."""
    min_amount: tuple[Decimal, str] | None = None
    """An amount in whole units and its ISO 4217 currency."""


EVERYTHING = Filter()
NAMES = tuple(field.name for field in fields(Filter))


@dataclass(frozen=True, slots=True)
class Subject:
    """One initiative or call as it stands now: the facts that a filter looks at, and how to name it.

    `opens` and `closes` are ISO 8601 dates, or dates and times with offset; a bare date is meant in `zone`
    (an IANA name; None: UTC). `closed` says that it was closed before its time or after it, `retracted`
    that it was misread: there is no such thing.
    """

    id: str
    kind: str
    title: str
    url: str
    summary: str
    source: str
    announcement: str
    technologies: tuple[str, ...]
    countries: tuple[str, ...]
    bodies: tuple[str, ...]
    money: tuple[Money, ...]
    opens: str | None
    closes: str | None
    closed: bool
    retracted: bool = False
    zone: str | None = None


def parse(pairs: Iterable[tuple[str, str]], sources: Collection[str] | None = None) -> Filter:
    """The filter that the query parameters ask for; empty values do not count.

    `sources` are the known source ids, None when any will do. Raises FilterError for an unknown name or
    value.
    """
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in NAMES:
            raise FilterError(f"there is no filter {name!r}; the filters are {', '.join(NAMES)}")
        if not is_clean(value):
            raise FilterError(f"{name} holds a character that cannot be written")
        if value.strip():
            values.setdefault(name, []).append(value.strip())

    def one(name: str) -> str | None:
        found = values.get(name, [])
        if len(set(found)) > 1:
            raise FilterError(f"{name} can be given only once")
        return found[0] if found else None

    return Filter(
        kind=_known("kind", values, KINDS),
        technology=_known("technology", values, tuple(terms.technologies())),
        country=_unique(_country("country", code) for code in values.get("country", [])),
        body=_unique(terms.body_name(name) or name for name in values.get("body", [])),
        source=_known("source", values, sources),
        partners=_partners(one("partners")),
        q=" ".join(words(one("q") or "")),
        status=_known("status", values, STATUSES),
        since=_date("since", one("since")),
        until=_date("until", one("until")),
        closing_within=_days(one("closing_within")),
        min_amount=_amount(one("min_amount")),
    )


def to_pairs(wanted: Filter) -> list[tuple[str, str]]:
    """The filter as query parameters, in one canonical order."""
    pairs: list[tuple[str, str]] = []
    for name in ("kind", "technology", "country", "body", "source", "status"):
        pairs += [(name, value) for value in sorted(getattr(wanted, name))]
    if wanted.partners:
        pairs.append(("partners", "-".join(wanted.partners)))
    if wanted.q:
        pairs.append(("q", wanted.q))
    for name, day in (("since", wanted.since), ("until", wanted.until)):
        if day:
            pairs.append((name, day.isoformat()))
    if wanted.closing_within is not None:
        pairs.append(("closing_within", f"{wanted.closing_within}d"))
    if wanted.min_amount:
        amount, currency = wanted.min_amount
        pairs.append(("min_amount", f"{amount:f}{currency}"))
    return pairs


def to_query(wanted: Filter) -> str:
    """The filter as a canonical query string: the same for the same wish; '' is everything."""
    return urlencode(to_pairs(wanted))


def matches(wanted: Filter, subject: Subject, recorded: date, now: datetime) -> bool:
    """Whether an event of `subject`, recorded on the (UTC) day `recorded`, is what is wanted at `now`."""
    return all(
        (
            not wanted.kind or subject.kind in wanted.kind,
            not wanted.technology or any(slug in wanted.technology for slug in subject.technologies),
            not wanted.country or any(code in wanted.country for code in subject.countries),
            not wanted.body or any(name in wanted.body for name in subject.bodies),
            not wanted.source or subject.source in wanted.source,
            set(wanted.partners) <= set(subject.countries),
            set(wanted.q.split()) <= set(words(f"{subject.title} {subject.summary}")),
            not wanted.status or status(subject, now) in wanted.status,
            wanted.since is None or recorded >= wanted.since,
            wanted.until is None or recorded <= wanted.until,
            wanted.closing_within is None or _closes_within(subject, wanted.closing_within, now),
            wanted.min_amount is None or _has_amount(subject.money, *wanted.min_amount),
        )
    )


def status(subject: Subject, now: datetime) -> str | None:
    """`upcoming`, `open` or `closed` for a call at `now`; None for an initiative, which has no deadline.

    A bare closing date lasts to its end, a bare opening date starts at its beginning, both in its zone.
    """
    if subject.kind != "call":
        return None
    if subject.closed or (subject.closes and last_moment(subject.closes, subject.zone) < now):
        return "closed"
    if subject.opens and first_moment(subject.opens, subject.zone) > now:
        return "upcoming"
    return "open"


def words(text: str) -> list[str]:
    """The words of a text as search sees them: folded, without diacritics."""
    if text.isascii():  # as most is: then there is nothing to take apart
        return _WORD.findall(text.casefold())
    folded = _taken_apart(_taken_apart(text).casefold())
    return _WORD.findall(_PERHAPS_A_MARK.sub(_without_mark, folded))


def _taken_apart(text: str) -> str:
    # To look whether there is anything to do takes less than to do it.
    return text if unicodedata.is_normalized("NFKD", text) else unicodedata.normalize("NFKD", text)


def _without_mark(found: re.Match[str]) -> str:
    return "" if unicodedata.combining(found[0]) else found[0]


_PERHAPS_A_MARK = re.compile("[\u0300-\U0010ffff]")
"""No character in front of these combines with another."""
_WORD = re.compile(r"[^\W_]+")


def first_moment(stated: str, zone: str | None = None) -> datetime:
    """The stated time, or the beginning of a bare date in `zone` (an IANA name; None: UTC)."""
    return _moment(stated if "T" in stated else f"{stated}T00:00:00", zone)


def last_moment(stated: str, zone: str | None = None) -> datetime:
    """The stated time, or the end of a bare date in `zone` (an IANA name; None: UTC)."""
    return _moment(stated if "T" in stated else f"{stated}T23:59:59", zone)


def horizon(now: datetime, days: int) -> datetime:
    """The end of the day that is `days` days after the UTC day of `now`, where it ends last: at UTC-12. So
    a date counts as near as it looks, whatever its zone."""
    day = (now.astimezone(UTC) + timedelta(days=days)).date()
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=_LAST)


_LAST = timezone(timedelta(hours=-12))


def _moment(stated: str, zone: str | None) -> datetime:
    moment = datetime.fromisoformat(stated)
    return moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))


@cache
def _zone(name: str | None) -> tzinfo:
    """The zone; UTC where nobody knows it: an imported log may name anything."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return UTC


def _closes_within(subject: Subject, days: int, now: datetime) -> bool:
    if subject.closed or not subject.closes:
        return False
    return now <= last_moment(subject.closes, subject.zone) <= horizon(now, days)


def _has_amount(money: tuple[Money, ...], least: Decimal, currency: str) -> bool:
    return any(item.currency == currency and Decimal(item.amount) >= least for item in money)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _known(name: str, values: dict[str, list[str]], known: Collection[str] | None) -> tuple[str, ...]:
    for value in values.get(name, []):
        if known is not None and value not in known:
            some = ", ".join(list(known)[:20]) + (" …" if len(known) > 20 else "")
            raise FilterError(f"{value!r} is no {name}; it can be {some}")
    return _unique(values.get(name, []))


def _country(name: str, code: str) -> str:
    if not terms.is_country(code.upper()):
        raise FilterError(f"{code!r} is no {name}: use ISO 3166-1 codes such as GB or IN, or EU")
    return code.upper()


def _partners(value: str | None) -> tuple[str, ...]:
    return _unique(_country("partners", code) for code in value.split("-")) if value else ()


def _date(name: str, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise FilterError(f"{value!r} is no date for {name}: use YYYY-MM-DD") from None


def _days(value: str | None) -> int | None:
    if value is None:
        return None
    if not (found := re.fullmatch(r"(\d{1,4})d", value)):
        raise FilterError(f"{value!r} is no span for closing_within: use a number of days such as 14d")
    return int(found[1])


def _amount(value: str | None) -> tuple[Decimal, str] | None:
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,2})?) ?([A-Za-z]{3})", value)
    if not found or found[2].upper() not in list_currencies():
        raise FilterError(f"{value!r} is no amount for min_amount: write it as 1000000GBP")
    return Decimal(found[1]), found[2].upper()
