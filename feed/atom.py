"""Events as Atom feeds (RFC 4287): those of subjects, and those of the sources themselves.

Pure: no clock, no network, no database. Each event is an entry with an id of its own, since many readers
do not show an entry again when it is updated under the same id.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup

from storage import source_wording, terms, wording
from storage.catalogue import Entry
from storage.log import Head, Recorded
from storage.plain import line

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
LOG_NAMESPACE = "urn:communique:log"
"""Of the elements that are ours (RFC 4287, section 6.4)."""
NO_EVENT = "1970-01-01T00:00:00Z"
"""`updated` of a feed that never had an entry: RFC 4287, section 4.1.1, asks for one all the same."""


def render(entries: Sequence[Entry], *, title: str, base_url: str, query: str, head: Head) -> bytes:
    """The feed document, UTF-8. `query` is the canonical filter that made it, '' for everything; `head` is
    where the log ends."""
    asked = f"?{query}" if query else ""
    events = [entry.event for entry in entries]
    feed = _feed(f"{base_url}/feed.atom{asked}", title, f"{base_url}/{asked}", events, head)
    for entry in entries:
        _subject_entry(feed, entry, base_url)
    return _document(feed)


def render_sources(
    events: Sequence[Recorded], *, base_url: str, name: Callable[[str], str], head: Head
) -> bytes:
    """The feed about the sources themselves, UTF-8. `name` gives the name of a source by its id; `head` is
    where the log ends."""
    title = "Communiqué: how the sources are doing"
    feed = _feed(f"{base_url}/sources.atom", title, f"{base_url}/sources", events, head)
    for event in events:
        _source_entry(feed, event, base_url, name)
    return _document(feed)


def entry_id(event: Recorded) -> str:
    """A URN that names this event wherever its log is served: from the chain, which no other event has."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:communique:{event.chain}").urn


def _feed(address: str, title: str, page: str, events: Sequence[Recorded], head: Head) -> ET.Element:
    """A feed without entries; `events` are what its entries will be about, the newest first."""
    feed = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": "en"})
    _text(feed, "id", address)
    _text(feed, "title", title)
    _text(feed, "updated", events[0].recorded_at if events else NO_EVENT)
    _text(ET.SubElement(feed, "author"), "name", "Communiqué")
    _link(feed, "self", address, MEDIA_TYPE)
    _link(feed, "alternate", page, "text/html")
    _text(feed, "generator", "Communiqué")
    ended = {"xmlns:log": LOG_NAMESPACE, "position": str(head.position), "chain": head.chain}
    ET.SubElement(feed, "log:head", ended)
    return feed


def _document(feed: ET.Element) -> bytes:
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _entry(feed: ET.Element, event: Recorded, title: str, base_url: str) -> ET.Element:
    """An entry about this event, with what all entries have."""
    element = ET.SubElement(feed, "entry")
    _text(element, "id", entry_id(event))
    _text(element, "title", title)
    _text(element, "updated", event.recorded_at)
    _text(element, "published", event.recorded_at)
    _link(element, "alternate", f"{base_url}/events/{event.position}", "text/html")
    return element


def _source_entry(feed: ET.Element, event: Recorded, base_url: str, name: Callable[[str], str]) -> None:
    payload = event.payload
    source = event.stream.removeprefix("source/")
    title = f"{line(name(source))}: {source_wording.news(event.type, payload)}"
    element = _entry(feed, event, title, base_url)
    _category(element, f"{base_url}/terms/event", event.type, wording.EVENTS[event.type])
    _text(element, "summary", f"{title}. {source_wording.advice(event.type, source, payload)}")


def _subject_entry(feed: ET.Element, entry: Entry, base_url: str) -> None:
    subject, payload = entry.subject, entry.event.payload
    title = f"{wording.EVENTS[entry.event.type]}: {subject.title}"
    element = _entry(feed, entry.event, title, base_url)
    if announcement := payload.get("url") or subject.url:
        _link(element, "via", announcement)
    _category(element, f"{base_url}/terms/kind", subject.kind, subject.kind)
    for slug in subject.technologies:
        known = terms.technologies().get(slug)
        _category(element, f"{base_url}/terms/technology", slug, known.label if known else slug)
    for code in subject.countries:
        _category(element, f"{base_url}/terms/country", code, terms.country_name(code))
    _text(element, "content", _content(entry), type="html")


def _content(entry: Entry) -> str:
    subject, payload = entry.subject, entry.event.payload
    paragraphs = [
        Markup("<p>{}</p>").format(text) for text in (payload.get("reason"), subject.summary) if text
    ]
    rows = [
        *((f"Changed {name}", f"{before} → {after}") for name, before, after in wording.changes(payload)),
        *wording.facts(subject),
    ]
    items = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, words) for name, words in rows)
    return str(Markup("").join(paragraphs) + Markup("<dl>{}</dl>").format(items))


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = text


def _link(parent: ET.Element, rel: str, href: str, media_type: str | None = None) -> None:
    ET.SubElement(parent, "link", {"rel": rel, "href": href} | ({"type": media_type} if media_type else {}))


def _category(parent: ET.Element, scheme: str, term: str, label: str) -> None:
    ET.SubElement(parent, "category", {"scheme": scheme, "term": term, "label": label})
