"""Pages of www.gov.uk, through the Content API: the item that a page is made of (JSON).

An item has its words as HTML in one or several places, by its schema: `body`, the `parts` of a guide, the
`introduction` of a service. Who publishes it stands in its links. A notice of withdrawal is an object, which
may be empty. What was changed later, and what belongs to it, are told as notes. The days on which
consultations open and close are not told as fields: they are no calls.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from feed.adapters import entries, records
from feed.errors import NotAPage, ShapeChanged
from feed.linked import Page, dates, fields, told
from feed.question import Question

_BODIES = (
    "introduction", "introductory_paragraph", "body", "licence_overview", "final_outcome_detail",
    "need_to_know", "more_information",
)  # fmt: skip
_PUBLISHERS = ("organisations", "worldwide_organisations")
_MOST = 50
_HTML_CHARACTERS = 4 * told.TEXT_CHARACTERS


def question(url: str) -> Question:
    """The item behind the page at the address."""
    parts = urlsplit(url)
    path = f"/api/content{parts.path.rstrip('/')}"
    return Question(urlunsplit(parts._replace(path=path, query="", fragment="")), accept="application/json")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """What the item says. Raises SourceError, NotAPage where the page has moved."""
    item = records.load(body)
    if item.get("document_type") == "redirect":
        where = records.word(records.at(records.first(item.get("redirects")), "destination"))
        raise NotAPage(f"the page has moved: {where}" if where else "the page has moved")
    title, details = records.word(item.get("title")), item.get("details")
    if not title or not isinstance(details, dict):
        raise ShapeChanged("the title and the details of the item are not where they were")
    return told.page(
        title=title,
        pairs=_pairs(item),
        prose=[records.prose(item.get("description")), *_prose(details)],
        notes=[*_documents(item, details), *(f"{day}: {note}" for day, note in _changes(details))],
        published=_published(item, details),
        withdrawn=_withdrawn(item, details),
    )


def _pairs(item: Mapping[str, Any]) -> list[fields.Pair]:
    kind = records.word(item.get("document_type")).replace("_", " ")
    return [
        ("From", _enumerated(name for link in _PUBLISHERS for name in _titles(item, link))),
        ("World Locations", _enumerated(_titles(item, "world_locations"))),
        ("Document Type", kind[:1].upper() + kind[1:]),
    ]


def _prose(details: Mapping[str, Any]) -> Iterable[str]:
    yield from (records.prose(details.get(name), _HTML_CHARACTERS) for name in _BODIES)
    for part in _list(details.get("parts")):
        yield records.word(records.at(part, "title"))
        yield records.prose(records.at(part, "body"))


def _documents(item: Mapping[str, Any], details: Mapping[str, Any]) -> Iterable[str]:
    """The documents that belong to the item, by their titles."""
    attached = (records.word(records.at(one, "title")) for one in _list(details.get("attachments")))
    return dict.fromkeys(filter(None, (*attached, *_titles(item, "documents"))))


def _changes(details: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The days of the changes, and what was changed."""
    for change in _list(details.get("change_history")):
        moment = records.moment(records.at(change, "public_timestamp"))
        note = records.word(records.at(change, "note"))
        if moment and note:
            yield moment.date().isoformat(), note


def _published(item: Mapping[str, Any], details: Mapping[str, Any]) -> str | None:
    """When it first appeared; of what does not say so, its first change, or its last one."""
    changed = [
        found
        for change in _list(details.get("change_history"))
        if (found := records.moment(records.at(change, "public_timestamp"))) and found.tzinfo
    ]
    first: Sequence[datetime | None] = (
        records.moment(details.get("first_public_at")),
        records.moment(item.get("first_published_at")),
        min(changed, default=None),
        records.moment(item.get("public_updated_at")),
    )
    return dates.stamp(next(filter(None, first), None))


def _withdrawn(item: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """The words of the notice; where it has none, that there is one."""
    notice = item.get("withdrawn_notice")
    if item.get("document_type") == "gone":
        return records.word(details.get("explanation")) or "This page has been taken down."
    if not isinstance(notice, dict) or not notice:
        return ""
    when = records.moment(notice.get("withdrawn_at"))
    on = f" on {entries.day(when)}" if when else ""
    return records.word(notice.get("explanation")) or f"This page was withdrawn{on}."


def _titles(item: Mapping[str, Any], link: str) -> list[str]:
    found = (records.word(records.at(one, "title")) for one in _list(records.at(item, "links", link)))
    return list(dict.fromkeys(filter(None, found)))


def _list(found: Any) -> list[Any]:
    return list(islice(found, _MOST)) if isinstance(found, list) else []


def _enumerated(names: Iterable[str]) -> str:
    """'A, B and C'."""
    *others, last = [*names] or [""]
    return f"{', '.join(others)} and {last}" if others else last
