"""Grants.gov: an opportunity, through the interface `fetchOpportunity` (JSON over POST).

What is posted has a `synopsis`; what is only planned has a `forecast`, whose dates are the agency's estimates
and are told as such. Dates bear a time, midnight, that means nothing. A sum may be the word 'none'. The field
for the agency's name sometimes holds a person: the details of the agency do not.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from feed import moments
from feed.adapters import entries, records
from feed.errors import NotAPage, ShapeChanged, SourceError
from feed.linked import Page, fields, told
from feed.question import Question
from storage.plain import shorten

_INTERFACE = "https://api.grants.gov/v1/api/fetchOpportunity"
_NUMBER = re.compile(r"/(\d{1,12})/?$")
_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})\b")
_NEVER = 2099
_STATES = {"closed": "Closed", "archived": "Closed and archived"}
_NO_WORDS = re.compile(r"undefined|no explanation\.?|none\.?|n/a", re.IGNORECASE)


def question(url: str) -> Question:
    """The opportunity whose number ends the address."""
    number = _NUMBER.search(urlsplit(url).path)
    return Question(
        _INTERFACE,
        body=json.dumps({"opportunityId": int(number[1]) if number else 0}).encode(),
        content_type="application/json",
        accept="application/json",
    )


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The opportunity. Raises SourceError, NotAPage where there is none."""
    answer = records.load(body)
    if answer.get("errorcode") not in (0, "0", None):
        raise SourceError(f"the interface answers with an error: {_shown(answer.get('msg'))}")
    found = answer.get("data")
    if words := _shown(records.at(found, "errorMessages")):
        raise NotAPage(f"the interface has no such opportunity: {words}")
    title = records.word(records.at(found, "opportunityTitle"))
    forecast = records.word(records.at(found, "docType")) == "forecast"
    part = records.at(found, "forecast" if forecast else "synopsis")
    if not title or not isinstance(found, dict) or not isinstance(part, dict):
        raise ShapeChanged("the opportunity is not where it was")
    posted = _day(part, "postingDate")
    return told.page(
        title=title,
        pairs=[
            *(_planned(part) if forecast else _posted(found, part, posted)),
            *_sums(part),
            ("Agency", _agency(found, part)),
            ("Opportunity Number", records.word(found.get("opportunityNumber"))),
            ("Assistance Listing", _listings(found)),
            ("Funding Instrument", _names(part.get("fundingInstruments"))),
            ("Eligible Applicants", _names(part.get("applicantTypes"))),
        ],
        prose=[
            records.prose(part.get("forecastDesc" if forecast else "synopsisDesc")),
            _explained(part, "Eligibility", "applicantEligibilityDesc"),
            _explained(
                part, "Closing date", "estApplicationResponseDateDesc" if forecast else "responseDateDesc"
            ),
        ],
        published=posted.isoformat() if posted else None,
    )


def _posted(found: Mapping[str, Any], part: Mapping[str, Any], posted: date | None) -> list[fields.Pair]:
    return [
        ("Status", _STATES.get(records.word(found.get("ost")).casefold(), "")),
        ("Opening Date", entries.day(posted)),
        ("Closing Date", entries.day(_day(part, "responseDate"))),
    ]


def _planned(part: Mapping[str, Any]) -> list[fields.Pair]:
    return [
        ("Status", "Forecast, not open for applications yet"),
        ("Estimated Opening Date", entries.day(_day(part, "estSynopsisPostingDate"))),
        ("Estimated Closing Date", entries.day(_day(part, "estApplicationResponseDate"))),
    ]


def _sums(part: Mapping[str, Any]) -> list[fields.Pair]:
    return [
        (label, entries.money(records.amount(part.get(name)), "$"))
        for label, name in (
            ("Estimated Total Program Funding", "estimatedFunding"),
            ("Award Ceiling", "awardCeiling"),
            ("Award Floor", "awardFloor"),
        )
    ] + [("Expected Number of Awards", records.word(part.get("numberOfAwards")))]


def _day(part: Mapping[str, Any], name: str) -> date | None:
    """'2026-09-09-00-00-00' or 'Sep 09, 2026 12:00:00 AM EDT'; 2099 is none."""
    stamp = _STAMP.match(records.word(part.get(f"{name}Str")))
    stated = stamp[0] if stamp else moments.published(records.word(part.get(name))[:12], None)
    found = records.moment(stated)
    return found.date() if found and found.year < _NEVER else None


def _agency(found: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    places = (found.get("agencyDetails"), part.get("agencyDetails"), found.get("topAgencyDetails"))
    names = (records.word(records.at(place, "agencyName")) for place in places)
    return next(filter(None, names), "")


def _listings(found: Mapping[str, Any]) -> str:
    rows = found.get("cfdas") or found.get("alns")
    listings = rows[:10] if isinstance(rows, list) else []
    told_of = (
        (records.at(one, "cfdaNumber") or records.at(one, "alnNumber"), records.at(one, "programTitle"))
        for one in listings
    )
    return "; ".join(" ".join(filter(None, map(records.word, one))) for one in told_of)


def _names(values: Any) -> str:
    rows = values[:30] if isinstance(values, list) else []
    return "; ".join(filter(None, (records.word(records.at(one, "description")) for one in rows)))


def _explained(part: Mapping[str, Any], about: str, name: str) -> str:
    words = records.prose(part.get(name))
    return "" if not words or _NO_WORDS.fullmatch(words) else f"{about}\n{words}"


def _shown(words: Any) -> str:
    return shorten(records.word(words), 120)
