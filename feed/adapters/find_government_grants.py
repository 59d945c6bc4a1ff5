"""Find a grant, the calls of the United Kingdom's departments: the list of find-government-grants (HTML).

The page is made by Next.js, which leaves the data that it was made of in a script element with the id
`__NEXT_DATA__`: that is what is read. The list has those that opened first at its head, whatever one asks
for, so that the address has to bear a `limit` above their number; what does not fit is noted. Its form
demands sums: £1 and £2 stand for none. Times are those of the United Kingdom and bear no offset.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urljoin

from feed.adapters import entries, markup, records
from feed.parse import Entry, Feed
from feed.question import Question

_DATA = '//script[@id="__NEXT_DATA__"]'
_LEAST = 10
"""Pounds: what is less is no sum that anyone could be granted."""


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The grants that are open or will be. Raises SourceError."""
    tree = markup.page(body)
    scripts = tree.xpath(_DATA)
    found = records.load((scripts[0].text or "").encode("utf-8", "replace")) if scripts else {}
    shown = records.at(found, "props", "pageProps")
    if not isinstance(records.at(shown, "searchResult"), list):
        raise markup.not_there(tree, body, "the list of grants")
    grants, count = shown["searchResult"], shown.get("totalGrants")
    rows = records.rows(grants, "grants", count)
    missing = count - len(rows) if isinstance(count, int) else 0
    note = f"{missing} of {count} grants are not shown: raise `limit` in the address" if missing > 0 else None
    return entries.feed("Find a grant", rows, lambda grant: _entry(grant, url), known, note)


def _entry(grant: dict[str, Any], url: str) -> Entry:
    label = records.word(grant["label"])
    if not label:
        raise ValueError("a grant without an address")
    told = entries.facts(
        ("Opening Date", _opens(grant.get("grantApplicationOpenDate"))),
        ("Closing Date", _closes(grant.get("grantApplicationCloseDate"))),
        ("Minimum Award", _sum(grant.get("grantMinimumAward"))),
        ("Maximum Award", _sum(grant.get("grantMaximumAward"))),
        ("Total Fund", _sum(grant.get("grantTotalAwardAmount"))),
        ("Funding Organisation", records.word(grant.get("grantFunder"))),
    )
    page = urljoin(url, f"/grants/{quote(label, safe='')}")
    title, text = records.word(grant["grantName"]), records.prose(grant.get("grantShortDescription"))
    guid = records.word(grant.get("id")) or page
    return entries.entry(guid=guid, url=page, title=title, told=told, text=text)


def _sum(value: Any) -> str:
    found = records.amount(value)
    return entries.money(found, "£") if found and found >= Decimal(_LEAST) else ""


def _time(value: Any) -> datetime | None:
    """The time that the page shows: naive."""
    found = records.moment(value)
    return found.astimezone(UTC).replace(tzinfo=None) if found and found.tzinfo else found


def _opens(value: Any) -> str:
    """The day, and the time unless it is that of the day's beginning."""
    found = _time(value)
    if found is None or (found.hour, found.minute) in ((0, 0), (0, 1)):
        return entries.day(found)
    return _told(found)


def _closes(value: Any) -> str:
    """The day and the time; midnight is the end of the day before, as on the page."""
    found = _time(value)
    if found is None or "T" not in records.word(value):
        return entries.day(found)
    return _told(found - timedelta(minutes=1) if (found.hour, found.minute) == (0, 0) else found)


def _told(value: datetime) -> str:
    half = "am" if value.hour < 12 else "pm"
    return f"{entries.day(value)}, {value.hour % 12 or 12}:{value.minute:02}{half}"
