"""A strict reading of RFC 4287 for the feeds that we write: what a validator would complain about."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

FEED_CHILDREN = {
    "author": (1, None),
    "category": (0, None),
    "contributor": (0, None),
    "generator": (0, 1),
    "icon": (0, 1),
    "id": (1, 1),
    "link": (0, None),
    "logo": (0, 1),
    "rights": (0, 1),
    "subtitle": (0, 1),
    "title": (1, 1),
    "updated": (1, 1),
    "entry": (0, None),
}
ENTRY_CHILDREN = {
    "author": (0, None),
    "category": (0, None),
    "content": (0, 1),
    "contributor": (0, None),
    "id": (1, 1),
    "link": (0, None),
    "published": (0, 1),
    "rights": (0, 1),
    "source": (0, 1),
    "summary": (0, 1),
    "title": (1, 1),
    "updated": (1, 1),
}


def complaints(document: bytes) -> list[str]:
    """What is wrong with the document, section by section; nothing when it is a valid feed."""
    feed = ET.fromstring(document)
    if feed.tag != f"{ATOM}feed":
        return [f"2: the document element is {feed.tag}"]
    found = _children(feed, FEED_CHILDREN, "4.1.1") + _common(feed, "feed")
    names = {child.tag.removeprefix(ATOM) for child in feed}
    entries = feed.findall(f"{ATOM}entry")
    order = [child.tag for child in feed]
    if entries and f"{ATOM}entry" in order[: len(order) - len(entries)]:
        found.append("4.1.1: metadata stands behind an entry")
    if "link" in names and not any(link.get("rel") == "self" for link in feed.findall(f"{ATOM}link")):
        found.append("4.1.1: there is no link to itself")
    for number, entry in enumerate(entries):
        where = f"entry {number}"
        found += _children(entry, ENTRY_CHILDREN, f"4.1.2 ({where})") + _common(entry, where)
        alternates = [
            link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"
        ]
        if entry.find(f"{ATOM}content") is None and not alternates:
            found.append(f"4.1.2: {where} has neither content nor an alternate link")
        content = entry.find(f"{ATOM}content")
        if content is not None and content.get("type") in (None, "text", "html") and len(content):
            found.append(f"4.1.3.3: the content of {where} has child elements")
    ids = Counter(entry.findtext(f"{ATOM}id") for entry in entries)
    found += [f"4.1.1: the id {key} is used {count} times" for key, count in ids.items() if count > 1]
    return found


def _children(parent: ET.Element, allowed: dict[str, tuple[int, int | None]], section: str) -> list[str]:
    counts = Counter(child.tag for child in parent if _is_atom(child))
    found = [f"{section}: unknown element {tag}" for tag in counts if tag.removeprefix(ATOM) not in allowed]
    for child in parent:
        if not _is_atom(child) and not (child.attrib or len(child) or child.text):
            found.append(f"6.4.2: the extension {child.tag} says nothing")
    for name, (least, most) in allowed.items():
        count = counts[f"{ATOM}{name}"]
        if count < least or (most is not None and count > most):
            found.append(f"{section}: {count} times {name}")
    return found


def _is_atom(element: ET.Element) -> bool:
    """Extensions are what stands in a namespace of its own (section 6.4)."""
    return not element.tag.startswith("{") or element.tag.startswith(ATOM)


def _common(parent: ET.Element, where: str) -> list[str]:
    found = []
    for name in ("updated", "published"):
        for element in parent.findall(f"{ATOM}{name}"):
            if not RFC3339.fullmatch(element.text or ""):
                found.append(f"3.3: {name} of {where} is {element.text!r}")
    for name in ("title", "id"):
        if not (parent.findtext(f"{ATOM}{name}") or "").strip():
            found.append(f"4.2: {name} of {where} is empty")
    if not urlsplit(parent.findtext(f"{ATOM}id") or "").scheme:
        found.append(f"4.2.6: the id of {where} is no absolute IRI")
    for element in parent.findall(f"{ATOM}link"):
        href = element.get("href") or ""
        if not urlsplit(href).scheme or re.search(r"\s", href):
            found.append(f"4.2.7: a link of {where} leads to {href!r}")
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in parent.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    )
    found += [f"4.1: {where} has two alternates of one type" for count in alternates.values() if count > 1]
    for element in parent.findall(f"{ATOM}category"):
        if not element.get("term"):
            found.append(f"4.2.2: a category of {where} has no term")
    for element in parent.findall(f"{ATOM}author"):
        if not (element.findtext(f"{ATOM}name") or "").strip():
            found.append(f"3.2: an author of {where} has no name")
    return found
