"""The EU Funding & Tenders portal: a topic, through the data that its page is made of (JSON).

The page is an empty frame that scripts fill from `topicDetails/<identifier>.json`, where the identifier
has to be in small letters. A topic has `actions`, each with the day on which it opens and its deadlines, and
an overview of the budget of the whole call, in which a line may be another topic's. It closes at its last
deadline; the others are told beside it.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from feed import moments
from feed.adapters import entries, records
from feed.errors import ShapeChanged
from feed.linked import Page, fields, told
from feed.question import Question

_DATA = "/info/funding-tenders/opportunities/data/topicDetails/"
_IDENTIFIER = re.compile(r"/topic-details/([^/]{1,200})")
_CLOSED = 31094503
_MOST = 50


def question(url: str) -> Question:
    """The data of the topic at the address."""
    parts = urlsplit(url)
    found = _IDENTIFIER.search(parts.path)
    identifier = unquote(found[1]).casefold() if found else ""
    path = f"{_DATA}{quote(identifier, safe='')}.json"
    return Question(urlunsplit(parts._replace(path=path, query="", fragment="")), accept="application/json")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The topic. Raises SourceError."""
    topic = records.at(records.load(body), "TopicDetails")
    title, identifier = (records.word(records.at(topic, name)) for name in ("title", "identifier"))
    if not isinstance(topic, dict) or not title or not identifier:
        raise ShapeChanged("the topic is not where it was")
    actions = _rows(topic.get("actions"))
    deadlines = sorted({day for one in actions for day in map(_day, _list(one.get("deadlineDates"))) if day})
    opens = min(filter(None, (_day(one.get("plannedOpeningDate")) for one in actions)), default=None)
    states = {str(records.at(one, "status", "id")) for one in actions}
    return told.page(
        title=title,
        pairs=[
            ("Status", "Closed" if states == {str(_CLOSED)} else ""),
            ("Opening Date", entries.day(opens)),
            *_closing(deadlines),
            *_budget(topic, identifier),
            ("Topic", identifier),
            ("Call", records.word(topic.get("callTitle"))),
            ("Programme", records.word(records.at(topic, "frameworkProgramme", "description"))),
        ],
        prose=[
            records.prose(topic.get("description")),
            records.prose(topic.get("destinationDescription")),
            records.prose(topic.get("conditions")),
        ],
        published=_published(topic),
    )


def _closing(deadlines: list[date]) -> list[fields.Pair]:
    """The last deadline is the one that the rules take; 'final' sets it off from those before it."""
    if len(deadlines) < 2:
        return [("Closing Date", entries.day(one)) for one in deadlines]
    earlier = ", ".join(entries.day(one) for one in deadlines[:-1])
    return [("Final Closing Date", entries.day(deadlines[-1])), ("Earlier Cut-off Dates", earlier)]


def _budget(topic: Mapping[str, Any], identifier: str) -> list[fields.Pair]:
    """All the money of the topic, the least and the most of one award."""
    lines = _lines(topic, identifier)
    years = [records.amount(year) for line in lines for year in _values(line.get("budgetYearMap"))]
    least, most = (
        [found for line in lines if (found := records.amount(line.get(name)))]
        for name in ("minContribution", "maxContribution")
    )
    return [
        ("Total Budget", entries.money(sum(filter(None, years), Decimal(0)) or None, "€")),
        ("Minimum Award", entries.money(min(least, default=None), "€")),
        ("Maximum Award", entries.money(max(most, default=None), "€")),
    ]


def _lines(topic: Mapping[str, Any], identifier: str) -> list[dict[str, Any]]:
    """The lines of the call's budget that are the topic's own: by its number, or by its name."""
    found = records.at(topic, "budgetOverviewJSONItem", "budgetTopicActionMap")
    lines = [line for rows in _values(found) for line in _rows(rows)]
    named = [line for line in lines if f"{records.word(line.get('action'))} ".startswith(f"{identifier} ")]
    return named or _rows(records.at(found, records.word(topic.get("ccm2Id"))))


def _day(value: Any) -> date | None:
    """'15 September 2026' or ISO 8601; the portal means days of Brussels, whatever offset it writes."""
    stated = records.word(value)
    found = records.moment(stated) or records.moment(moments.published(stated[:20], None))
    return found.date() if found else None


def _published(topic: Mapping[str, Any]) -> str | None:
    found = records.moment(topic.get("publicationDateLong"))
    return found.date().isoformat() if found else None


def _rows(found: Any) -> list[dict[str, Any]]:
    return [one for one in _list(found) if isinstance(one, dict)]


def _list(found: Any) -> list[Any]:
    return found[:_MOST] if isinstance(found, list) else []


def _values(found: Any) -> list[Any]:
    return list(found.values())[:_MOST] if isinstance(found, dict) else []
