"""Where the feeds of a page may be: what it declares, what it links to, and where feeds usually are.

Pure: no clock, no network, no database. May not say that something is a feed: that is seen when it is read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit, urlunsplit

from feed.links import canonical, clean
from storage.plain import line, shorten

READ_CHARACTERS = 1_000_000
"""So much of a page is looked through."""
LINKS = 5
"""At most so many links are worth a try."""
DECLARED = 50
"""At most so many declared feeds are told."""

_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml"}
)
_PATH = re.compile(r"(?:\.(?:rss|atom|rdf)|/(?:feed|rss|atom)/?|/(?!sitemap)[^/]*\.xml)$", re.IGNORECASE)
_QUERY = re.compile(r"(?:^|&)(?:feed|format|type|alt)=(?:feed|rss2?|atom|rdf)(?:&|$)", re.IGNORECASE)
_WORDS = re.compile(r"\b(?:rss|atom)\b", re.IGNORECASE)
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
"""What Python calls encodings, and no page is in; some take very long."""
_USUAL = ("/feed/", "/rss.xml", "/atom.xml")


@dataclass(frozen=True, slots=True)
class Link:
    """An address where a feed may be, and what the page calls it."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """What a page says of feeds: those that it declares, and links that look like some."""

    declared: tuple[Link, ...]
    linked: tuple[Link, ...]


def links(page: bytes, *, url: str, content_type: str = "") -> Links:
    """The feeds of the HTML page that was found at `url`."""
    reader = _Reader()
    try:
        # Not closed: what is left open at the end would be looked at again and again.
        reader.feed(_decoded(page, content_type)[:READ_CHARACTERS])
    except AssertionError:  # the standard library's answer to some broken declarations, such as <![ endif]
        pass
    base = _joined(url, reader.base) or url
    declared = _addresses(base, reader.declared)
    return Links(declared[:DECLARED], _addresses(base, reader.linked)[:LINKS])


def usual(url: str) -> tuple[Link, ...]:
    """Where the feeds of a page usually are."""
    parts = urlsplit(url)
    page, root = parts._replace(query="", fragment=""), parts._replace(path="", query="", fragment="")
    path = page.path.rstrip("/")
    found = [urlunsplit(root) + place for place in _USUAL]
    if path:
        found.insert(0, urlunsplit(page._replace(path=f"{path}/feed/")))
    if path and (parts.hostname or "").endswith("gov.uk"):
        found.insert(0, urlunsplit(page._replace(path=f"{path}.atom")))
    return tuple(Link(place) for place in dict.fromkeys(found))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.declared: list[Link] = []
        self.linked: list[Link] = []
        self._open: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}  # the first of several counts
        href = given.get("href", "")
        if tag == "base":
            self.base = self.base or href
        elif tag == "link" and href and _is_declared(given):
            self.declared.append(Link(href, given.get("title", "")))
        elif tag == "a":
            self._end()
            self._open = (href, [given.get("title", "")])
        elif tag == "img" and self._open:
            self._open[1].append(given.get("alt", ""))

    def handle_data(self, data: str) -> None:
        if self._open and len(self._open[1]) < 20:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end()

    def _end(self) -> None:
        if self._open:
            href, words = self._open
            text = line(" ".join(words))
            if href and (_looks_like_one(href) or (len(text) <= 60 and _WORDS.search(text))):
                self.linked.append(Link(href, text))
        self._open = None


def _is_declared(given: dict[str, str]) -> bool:
    rel = set(given.get("rel", "").lower().split())
    media_type = given.get("type", "").partition(";")[0].strip().lower()
    return bool(rel & {"alternate", "feed"}) and media_type in _TYPES


def _looks_like_one(href: str) -> bool:
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return False
    return bool(_PATH.search(parts.path) or _QUERY.search(parts.query))


def _addresses(base: str, found: Iterable[Link]) -> tuple[Link, ...]:
    """The web addresses among the links, each once, with titles as they can be shown."""
    kept: dict[str, Link] = {}
    for link in found:
        url = _joined(base, link.url)
        if url:
            kept.setdefault(canonical(url) or url, Link(url, shorten(line(link.title), 120)))
    return tuple(kept.values())


def _joined(base: str, href: str) -> str:
    """The address that a link leads to, without its fragment; '' when it is no web address."""
    href = re.sub(r"^feed:(?://)?(?=https?:)", "", href.strip(), flags=re.IGNORECASE)
    href = re.sub(r"^feed://", "https://", href, flags=re.IGNORECASE)
    try:
        return clean(urljoin(base, re.sub(r"[\t\r\n]", "", href)).partition("#")[0])
    except ValueError:
        return ""


def _decoded(page: bytes, content_type: str) -> str:
    """The page as text: in the encoding that the server names, else the page, else in UTF-8."""
    stated = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    inside = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]+)", page[:4096], re.IGNORECASE)
    name = stated[1] if stated else inside[1].decode("ascii", "replace") if inside else "utf-8"
    start = page[: 4 * READ_CHARACTERS]
    try:
        known = codecs.lookup(name).name
        return start.decode("utf-8" if known in _NO_CHARSETS else known, "replace")
    except (LookupError, ValueError):
        return start.decode("utf-8", "replace")
