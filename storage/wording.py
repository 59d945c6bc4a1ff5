"""How facts are said in English, the same on every page and in every message.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from babel.numbers import format_currency

from storage import terms
from storage.events import Money
from storage.filters import Filter, FilterError, Subject, parse

ROLES = {
    "total": "in total",
    "award_max": "at most per award",
    "award_min": "at least per award",
    "other": "",
}
EVENTS = {
    "AnnouncementPublished": "Announcement published",
    "AnnouncementRevised": "Announcement revised",
    "AnnouncementWithdrawn": "Announcement withdrawn",
    "InitiativeAnnounced": "New initiative",
    "CallAnnounced": "New call",
    "InitiativeChanged": "Initiative changed",
    "CallChanged": "Call changed",
    "CallClosed": "Call closed",
    "AnnouncementRead": "Page read later",
    "SubjectLinked": "Told again elsewhere",
    "SubjectCorrected": "Our reading corrected",
    "SourceFailing": "Source failing",
    "SourceRecovered": "Source recovered",
    "SourceMoved": "Source moved",
    "SourceEnded": "Source ended",
    "SourceGap": "Gap between two polls",
    "SourceHeld": "News held back",
    "SourceReleased": "Held news released",
    "EventRedacted": "Event redacted",
}
REDACTED = "its payload was taken out of the log"
"""What is said of an event that was redacted."""
HEALTHS = {
    "new": "not polled yet",
    "ok": "working",
    "failing": "cannot be read",
    "held": "held for review",
    "ended": "ended",
}
FIELDS = {
    "technologies": "technologies",
    "countries": "countries",
    "bodies": "bodies",
    "money": "money",
    "opens": "opening date",
    "closes": "deadline",
    "closed": "state",
    "zone": "time zone",
    "kind": "kind",
    "withdrawn": "withdrawal",
    "title": "title",
    "summary": "summary",
    "text": "text",
    "url": "address",
    "page": "linked page",
    "retracted": "our reading",
    "twin": "link",
}


def money(item: Money) -> str:
    """`£7,000,000 in total`."""
    amount = Decimal(item.amount)
    digits = "¤#,##0" if amount == amount.to_integral_value() else "¤#,##0.00"
    shown = format_currency(amount, item.currency, digits, locale="en_GB", currency_digits=False)
    return f"{shown} {ROLES.get(item.role, '')}".strip()


def moment(stated: str) -> str:
    """`4 August 2026`, or `11 December 2019, 12:00 (UTC+00:00)`; what is no date comes back as it is."""
    try:
        parsed = datetime.fromisoformat(stated)
    except ValueError:
        return stated
    day = f"{parsed.day} {parsed:%B %Y}"
    if "T" not in stated:
        return day
    return f"{day}, {parsed:%H:%M} ({parsed.tzname() or 'no time zone'})"


def ago(stamp: str | None, now: datetime, *, brief: bool = False) -> str:
    """How long ago a moment (a UTC stamp) was, or how far ahead it is: `12 minutes ago`, or `12 min ago`."""
    if not stamp:
        return "never"
    seconds = (now - datetime.fromisoformat(stamp)).total_seconds()
    size = abs(seconds)
    for unit, short, length in _UNITS:
        if size >= length:
            count = int(size // length)
            words = f"{count} {short if brief else unit if count == 1 else f'{unit}s'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


_UNITS = (("day", "d", 86400), ("hour", "h", 3600), ("minute", "min", 60), ("second", "s", 1))


def listing(items: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *front, end = list(items) or [""]
    return f"{', '.join(front)} {last} {end}" if front else end


def technologies(slugs: Sequence[str]) -> str:
    """The labels of these technologies."""
    known = terms.technologies()
    return listing(known[slug].label if slug in known else slug for slug in slugs)


def countries(codes: Sequence[str]) -> str:
    """The names of these countries."""
    return listing(terms.country_name(code) for code in codes)


def wish(wanted: Filter) -> str:
    """What a filter asks for, as a phrase: `calls about Telecoms with United Kingdom and India`."""
    known = terms.technologies()
    parts = [listing((f"{kind}s" for kind in wanted.kind), "or") if wanted.kind else "initiatives and calls"]
    if wanted.status:
        parts[0] = f"{listing(wanted.status, 'or')} {parts[0]}"
    if wanted.technology:
        parts.append("about " + listing((known[slug].label for slug in wanted.technology), "or"))
    if wanted.country:
        parts.append("with " + listing((terms.country_name(code) for code in wanted.country), "or"))
    if wanted.partners:
        parts.append("between " + countries(wanted.partners))
    if wanted.body:
        parts.append("by " + listing(wanted.body, "or"))
    if wanted.source:
        parts.append("from " + listing(wanted.source, "or"))
    if wanted.q:
        parts.append("with the words " + " ".join(f"“{word}”" for word in wanted.q.split()))
    if wanted.since:
        parts.append(f"since {moment(wanted.since.isoformat())}")
    if wanted.until:
        parts.append(f"until {moment(wanted.until.isoformat())}")
    if wanted.closing_within is not None:
        parts.append(f"closing within {wanted.closing_within} days")
    if wanted.min_amount:
        amount, currency = wanted.min_amount
        parts.append("of at least " + money(Money(str(amount), currency, "other", "")))
    return " ".join(parts)


def stored_wish(query: str) -> str:
    """What a stored filter asks for; the filter itself when it can no longer be read."""
    try:
        return wish(parse(parse_qsl(query)))
    except FilterError:
        return f"“{query}”"


def change(field: str, value: Any) -> str:
    """One side of a change, as words."""
    if field in _STATES:
        return _STATES[field][not value]
    if value in (None, "", []):
        return "not stated"
    if isinstance(value, list):
        return _LISTS.get(field, listing)(value)
    if field in ("text", "page"):
        return f"as of digest {value[:12]}…"
    return moment(str(value)) if field in ("opens", "closes") else str(value)


_STATES = {
    "closed": ("closed", "open again"),
    "retracted": ("no such subject", "a subject"),
    "twin": ("told here, too", "another subject"),
}
"""How a field is said that is there, and that is not."""
_LISTS: dict[str, Callable[[list[Any]], str]] = {
    "money": lambda items: listing(money(Money(**item)) for item in items),
    "countries": countries,
    "technologies": technologies,
}


def changes(payload: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What an event's `changed` says, as (field, before, after)."""
    return [
        (FIELDS.get(name, name), change(name, sides["from"]), change(name, sides["to"]))
        for name, sides in payload.get("changed", {}).items()
    ]


def facts(subject: Subject) -> list[tuple[str, str]]:
    """What is known of a subject, as (name, words), what matters most first."""
    found = []
    if subject.money:
        found.append(("Money", listing(money(item) for item in subject.money)))
    if subject.opens:
        found.append(("Opens", moment(subject.opens)))
    if subject.kind == "call":
        found.append(("Deadline", moment(subject.closes) if subject.closes else "not stated"))
    if subject.technologies:
        found.append(("Technologies", technologies(subject.technologies)))
    if subject.countries:
        found.append(("Countries", countries(subject.countries)))
    if subject.bodies:
        found.append(("Bodies", listing(subject.bodies)))
    return found
