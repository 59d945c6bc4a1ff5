"""Grants.gov, the calls of the United States' federal agencies: the interface `search2` (JSON over POST).

The catalogue's address bears the search as its query, in the interface's own names (`keyword`, `agencies`,
`oppStatuses`, `rows` …); what it leaves out is the newest hundred that are posted or forecasted. A hit has
id, number, title, agency, dates and status, but no sums and no description: those take a request each.

`openDate` is the day of posting. Of a forecast it says nothing of when one may apply, so that a forecast has
no opening date here.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from feed.adapters import entries, records
from feed.errors import SourceError
from feed.parse import Entry, Feed
from feed.question import Question
from storage.plain import shorten

_PAGE = "https://www.grants.gov/search-results-detail/"
_NEWEST = {"rows": "100", "sortBy": "openDate|desc", "oppStatuses": "posted|forecasted"}
_NUMBERS = frozenset({"rows", "startRecordNum"})
_US_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_NEVER = 2099


def question(url: str) -> Question:
    """The search that the address's query stands for."""
    parts = urlsplit(url)
    asked = {**_NEWEST, **dict(parse_qsl(parts.query))}
    search = {
        name: int(value) if name in _NUMBERS and value.isdecimal() else value for name, value in asked.items()
    }
    return Question(
        urlunsplit(parts._replace(query="", fragment="")),
        body=json.dumps(search).encode(),
        content_type="application/json",
        accept="application/json",
    )


def read(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The opportunities that are posted or forecasted. Raises SourceError."""
    answer = records.load(body)
    if answer.get("errorcode") not in (0, "0", None):
        told = shorten(records.word(answer.get("msg")), 120) or "no words"
        raise SourceError(f"the interface answers with an error: {told}")
    hits, count = records.at(answer, "data", "oppHits"), records.at(answer, "data", "hitCount")
    return entries.feed("Grants.gov", records.rows(hits, "opportunities", count), _entry, known)


def _entry(hit: dict[str, Any]) -> Entry | None:
    status = records.word(hit["oppStatus"])
    if status not in ("posted", "forecasted"):
        return None  # closed, archived
    key = re.fullmatch(r"\d{1,12}", records.word(hit["id"]))
    if key is None:
        raise ValueError("no id")
    posted, closes = _day(hit.get("openDate")), _day(hit.get("closeDate"))
    forecast = status == "forecasted"
    listings = hit.get("cfdaList") or hit.get("alnist")
    told = entries.facts(
        ("Status", "Forecast, not open for applications yet" if forecast else ""),
        ("Opening Date", "" if forecast else entries.day(posted)),
        ("Closing Date", entries.day(closes)),
        ("Agency", records.word(hit.get("agency")) or records.word(hit.get("agencyName"))),
        ("Opportunity Number", records.word(hit.get("number"))),
        ("Assistance Listing", records.word(listings)),
    )
    page = f"{_PAGE}{key[0]}"
    title = records.word(hit["title"])
    return entries.entry(guid=page, url=page, title=title, told=told, text="", published=posted)


def _day(value: Any) -> date | None:
    """A date as Americans write it; '' and 01/01/2099 are none."""
    found = _US_DATE.fullmatch(records.word(value))
    if found is None or int(found[3]) >= _NEVER:
        return None
    month, number, year = map(int, found.groups())
    return date(year, month, number)
