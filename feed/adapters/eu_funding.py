"""The EU Funding & Tenders portal: the search interface behind its pages (SEDIA, a form over POST).

The catalogue's address bears `apiKey`, `text` and the page as the interface wants them, and the search in the
names that the portal's own pages have in their addresses: `status` (31094501 forthcoming, 31094502 open,
31094503 closed), `frameworkProgramme`, `programmePeriod` …, several values with commas; `sortBy` and `order`.

Topics of calls (type 1) and the open calls of funded projects (type 8) are read; tenders (0), and external
actions (2), in which tenders and grants are mixed, are not. The interface marks all times +0000 while the
portal means Brussels: only days are taken. A topic with several deadlines (stages, cut-offs) closes at its
last; the others are told beside it. Of the budget, which is that of the whole call, the topic's part is told.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from feed.adapters import entries, records
from feed.errors import SourceError
from feed.parse import Entry, Feed
from feed.question import Question
from storage.plain import shorten

_PORTAL = "https://ec.europa.eu/info/funding-tenders/opportunities/portal/screen/opportunities/"
_TOPIC, _PROJECT_CALL = "1", "8"
_CLOSED = "31094503"
_SHOWN = {"apiKey": "SEDIA", "text": "***", "pageSize": "100", "pageNumber": "1"}
_SOUGHT = {"type": f"{_TOPIC},{_PROJECT_CALL}", "status": "31094501,31094502"}
_SORTED = {"sortBy": "startDate", "order": "DESC"}
_FIELDS = (
    "type", "status", "language", "identifier", "title", "caName", "callTitle", "callccm2Id", "ccm2Id",
    "startDate", "deadlineDate", "budget", "budgetOverview", "descriptionByte", "furtherInformation",
    "DATASOURCE",
)  # fmt: skip
"""What is wanted of a topic, which has many more fields, and long ones."""


def question(url: str) -> Question:
    """The search that the address's query stands for, newest first."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    shown = {name: asked.pop(name, value) for name, value in _SHOWN.items()}
    order = {name: asked.pop(name, value) for name, value in _SORTED.items()}
    sought = [{"terms": {name: value.split(",")}} for name, value in {**_SOUGHT, **asked}.items()]
    body, content_type = _form(
        {
            "query": {"bool": {"must": sought}},
            "languages": ["en"],
            "sort": {"field": order["sortBy"], "order": order["order"]},
            "displayFields": list(_FIELDS),
        }
    )
    query = urlencode(shown, safe="*")
    address = urlunsplit(parts._replace(query=query, fragment=""))
    return Question(address, body=body, content_type=content_type, accept="application/json")


def _form(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """Multipart/form-data (RFC 7578), each part JSON as a browser sends a blob: the interface fails on parts
    without a media type of their own."""
    written = {name: json.dumps(value) for name, value in fields.items()}
    boundary = hashlib.sha256("".join(written.values()).encode()).hexdigest()
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="blob"\r\n'
        f"Content-Type: application/json\r\n\r\n{value}\r\n"
        for name, value in written.items()
    ]
    return f"{''.join(parts)}--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def read(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The topics and calls that are open or forthcoming. Raises SourceError."""
    answer = records.load(body)
    if "results" not in answer and (told := records.word(answer.get("message"))):
        raise SourceError(f"the interface answers with an error: {shorten(told, 120)}")
    hits = records.rows(answer.get("results"), "topics", answer.get("totalResults"))
    return entries.feed("EU Funding & Tenders", _once(hits), _entry, known)


def _once(hits: Sequence[Any]) -> Iterable[Any]:
    """Each topic once: some are there twice, as a copy from an older system."""
    best: dict[tuple[str, ...], Any] = {}
    for number, hit in enumerate(hits[: entries.MOST]):
        metadata = records.at(hit, "metadata")
        names = ("type", "identifier", "callccm2Id", "title", "caName")
        key = tuple(records.word(records.at(metadata, name)) for name in names)
        key = key if any(key) else (str(number),)
        if key not in best or records.word(records.at(metadata, "DATASOURCE")) == "SEDIA":
            best[key] = hit
    return best.values()


def _entry(hit: dict[str, Any]) -> Entry | None:
    topic = hit["metadata"]
    kind, language = records.word(topic["type"]), records.word(topic.get("language")) or "en"
    if kind not in (_TOPIC, _PROJECT_CALL) or language != "en":
        return None
    if records.word(topic.get("status")) == _CLOSED:
        return None
    page = _page(hit, topic, kind)
    deadlines = records.days(topic.get("deadlineDate"))
    total, least, most = _budget(topic)
    told = entries.facts(
        ("Opening Date", entries.day(min(records.days(topic.get("startDate")), default=None))),
        *_closing(deadlines),
        ("Total Budget", entries.money(total, "€")),
        ("Minimum Award", entries.money(least, "€")),
        ("Maximum Award", entries.money(most, "€")),
        ("Topic", records.word(topic.get("identifier"))),
        ("Call", records.word(topic.get("callTitle"))),
    )
    own = records.word(topic.get("caName")) if kind == _PROJECT_CALL else ""
    title = own or records.word(topic.get("title")) or records.word(hit.get("summary"))
    text = records.prose(topic.get("descriptionByte")) or records.prose(topic.get("furtherInformation"))
    return entries.entry(guid=page, url=page, title=title, told=told, text=text)


def _page(hit: Mapping[str, Any], topic: Mapping[str, Any], kind: str) -> str:
    """The page of the portal that people open. Raises ValueError where there is nothing to make it of."""
    if kind == _TOPIC:
        if not (identifier := records.word(topic.get("identifier"))):
            raise ValueError("a topic without an identifier")
        return f"{_PORTAL}topic-details/{quote(identifier, safe='')}"
    address = re.search(r"/competitive-calls-cs/(\d{1,12})\b", records.word(hit.get("url")))
    number = address[1] if address else records.word(topic.get("callccm2Id"))
    if not re.fullmatch(r"\d{1,12}", number):
        raise ValueError("a project's call without a number")
    return f"{_PORTAL}competitive-calls-cs/{number}"


def _closing(deadlines: Sequence[date]) -> list[tuple[str, str]]:
    """The last deadline is the one that the rules take; 'final' sets it off from those before it."""
    if len(deadlines) < 2:
        return [("Closing Date", entries.day(one)) for one in deadlines]
    earlier = ", ".join(entries.day(one) for one in deadlines[:-1])
    return [("Final Closing Date", entries.day(deadlines[-1])), ("Earlier Cut-off Dates", earlier)]


def _budget(topic: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """All the money of the topic, the least and the most of one award."""
    if total := records.amount(topic.get("budget")):
        return total, None, None
    try:
        overview = json.loads(records.first(topic.get("budgetOverview")) or "{}")
    except (TypeError, ValueError, RecursionError):
        return None, None, None
    actions = _actions(records.at(overview, "budgetTopicActionMap"), topic)
    years = [year for action in actions for year in _values(action.get("budgetYearMap"))]
    awards = [
        [found for action in actions if (found := records.amount(action.get(name)))]
        for name in ("minContribution", "maxContribution")
    ]
    total = sum((found for year in years if (found := records.amount(year))), Decimal(0))
    return total or None, min(awards[0], default=None), max(awards[1], default=None)


def _actions(found: Any, topic: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of the call's budget that are the topic's own: by its number, by its name, or all if there
    is but one topic."""
    if not isinstance(found, dict):
        return []
    own = found.get(records.word(topic.get("ccm2Id")))
    lists = [own] if isinstance(own, list) else [value for value in found.values() if isinstance(value, list)]
    actions = [action for value in lists for action in value if isinstance(action, dict)]
    if isinstance(own, list) or len(found) == 1:
        return actions
    name = records.word(topic.get("identifier"))
    return [action for action in actions if f"{records.word(action.get('action'))} ".startswith(f"{name} ")]


def _values(found: Any) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else []
