"""From the bytes of a feed to its entries. The only module that may import feedparser.

Pure: no clock, no network, no database; feedparser is given bytes only, since it would open a name.
"""

from __future__ import annotations

import codecs
import dataclasses
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser

from feed import hints, moments, tombstones, walls
from feed.cut import cut
from feed.errors import NotAFeed, SourceError, SourceGone
from feed.hints import Hints
from feed.linked import Page
from feed.links import canonical, clean
from feed.noise import essence
from feed.text import plain
from feed.tombstones import Tombstone
from storage.plain import joined, line, shorten

SUMMARY_CHARACTERS = 1000
TITLE_CHARACTERS = 500
DATE_CHARACTERS = 100
HTML_CHARACTERS = 100_000
"""So much of an entry is read: the parser's time grows faster than the text."""


def measure(title: str, text: str) -> str:
    """The digest (SHA-256) of what a title and a text say, without noise."""
    return hashlib.sha256(f"{essence(title)}\n{essence(text)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, as plain text.

    `link` is the canonical form of `url` (None: no usable link); `text` is the longest text that the entry
    carries, `summary` its beginning, or what stands beside it; `published_at` is ISO 8601 (a bare date where
    the feed gives one, else with offset) or None. `said` is the summary, where the text does not hold it,
    with the text; `fingerprint` is the SHA-256 of title and `said`, without noise. `page` is what the linked
    page says, once it was read: no part of what the feed shows.
    """

    guid: str | None
    url: str
    link: str | None
    title: str
    summary: str
    text: str
    published_at: str | None
    page: Page | None = field(default=None, compare=False)
    said: str = field(init=False, compare=False)
    fingerprint: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        said = self.text if self.text == self.summary else joined(self.summary, self.text)
        object.__setattr__(self, "said", said)
        object.__setattr__(self, "fingerprint", measure(self.title, said))


@dataclass(frozen=True, slots=True)
class Feed:
    """What a source shows. `note` says in one line what was wrong with it, when it could be read still;
    `whole` is False when the document breaks off, so that asking again is worth it. `entries` are those
    that were read, `seen` how many there are, `marks` (feed.cut) how their bytes are known again;
    `hints` is None where the feed's head could not be read; `tombstones` are of entries that it has taken
    out."""

    title: str
    entries: tuple[Entry, ...]
    note: str | None = None
    whole: bool = True
    seen: int = 0
    marks: tuple[str, ...] = ()
    hints: Hints | None = None
    author: str = ""
    tombstones: tuple[Tombstone, ...] = ()


def parse_new(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The entries of a feed whose bytes are not known by these marks: feedparser need not see the others.

    A feed that cannot be cut is read as a whole. Raises what `parse` raises.
    """
    pieces = cut(body)
    if pieces is None:
        return parse(body, url=url, content_type=content_type)
    marks = pieces.marks
    if len(marks) == 1:  # an entry that stands alone may say that the feed has ended, also when it is known
        known = frozenset()
    if known.issuperset(marks):
        graves = tombstones.read(body)
        return Feed("", (), seen=len(marks), marks=marks, hints=pieces.hints, tombstones=graves)
    feed = parse(pieces.without(known), url=url, content_type=content_type, alone=len(marks) == 1)
    # What could not be read well is looked at again next time.
    return dataclasses.replace(
        feed,
        seen=len(marks),
        marks=() if feed.note else marks,
        hints=pieces.hints,
        tombstones=tombstones.read(body),  # the entries that are known are shown, too
    )


def parse(body: bytes, *, url: str, content_type: str = "", alone: bool = True) -> Feed:
    """All entries of an RSS or Atom feed.

    The content type is a hint for the encoding only; `alone` False says that there are more entries than
    these. Raises SourceError with one clear line for what is no feed, SourceGone when the feed says that
    it has ended.
    """
    if not body.strip():
        raise SourceError("the answer is empty")
    headers = {"content-type": _encoding_hint(content_type)}
    try:
        # Neither sanitized nor with its links resolved: of the HTML only the text is taken (feed.text).
        document = feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # some bytes end feedparser itself, such as a zero in the name of an encoding
        raise SourceError(f"the feed cannot be read: {line(str(error)) or type(error).__name__}") from error
    fault = _fault(document) if document.bozo else None
    broken_off = bool(fault and document.entries and _breaks_off(body))
    # Half an entry would be recorded as something new.
    entries, unread = _entries(document.entries[:-1] if broken_off else document.entries, url)
    title = line(plain(document.feed.get("title", "")))
    if alone and len(entries) == 1 and entries[0].title.lower().rstrip(".") == "this feed has ended":
        raise SourceGone("its last entry says that this feed has ended")
    if not entries:
        _refuse_what_is_no_feed(document, body, fault)
    notes = [f"not as it should be ({fault}), read as far as possible"] if fault else []
    notes += [f"{unread} of {unread + len(entries)} entries could not be read"] if unread else []
    note = "; ".join(notes) or None
    author = line(plain(document.feed.get("author") or ""))
    feed = Feed(title, entries, note, whole=not broken_off, seen=len(entries), author=author)
    return dataclasses.replace(feed, hints=_hints(document.feed), tombstones=tombstones.read(body))


def _hints(head: Any) -> Hints:
    """What can still be understood of the head of a feed that could not be cut."""
    names = {"ttl": "ttl", "sy_updateperiod": "updatePeriod", "sy_updatefrequency": "updateFrequency"}
    said = {ours: [str(head[theirs])] for theirs, ours in names.items() if theirs in head}
    return hints.read(said, [(link.get("rel", ""), link.get("href", "")) for link in head.get("links", ())])


def without_the_future(feed: Feed, now: datetime) -> Feed:
    """The feed without dates that lie ahead: what was published then is here already."""
    return dataclasses.replace(
        feed,
        entries=tuple(
            dataclasses.replace(entry, published_at=None)
            if moments.from_the_future(entry.published_at, now)
            else entry
            for entry in feed.entries
        ),
    )


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return True


def _entries(items: Sequence[Any], base: str) -> tuple[tuple[Entry, ...], int]:
    """The entries, and how many could not be read: a bad one does not keep us from the others."""
    entries, unread = [], 0
    for item in items:
        try:
            entry = _entry(item, base)
        except Exception:  # whatever the entry brought to light
            unread += 1
            continue
        if entry.title:
            entries.append(entry)
        else:
            unread += 1  # nothing in it that anyone could be told
    return tuple(entries), unread


def _link(item: Any, base: str) -> str:
    """Where the entry leads, resolved against the feed's address. A guid that feedparser takes for a link
    is one only if it looks like one."""
    link = line(item.get("link", ""))
    if item.get("guidislink") and link == item.get("id") and not re.match(r"https?://|/", link):
        return ""
    try:
        return clean(urljoin(base, link)) if link else ""
    except ValueError:
        return ""


def _breaks_off(body: bytes) -> bool:
    end = body[-2000:].replace(b"\0", b"").lower()  # without the zeros of UTF-16
    return not re.search(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", end)


def _refuse_what_is_no_feed(document: Any, body: bytes, fault: str | None) -> None:
    if not document.version:
        page = walls.what_stands_there(body)
        raise page or NotAFeed("the answer is no RSS or Atom feed" + (f" ({fault})" if fault else ""))
    if fault:
        raise NotAFeed(f"the feed is not well-formed and holds no entry that can be read ({fault})")


def _fault(document: Any) -> str | None:
    """What keeps the document from being well-formed, or None when it is only a matter of taste."""
    error = document.get("bozo_exception")
    declared = re.match(r"document declared as (\S+),", str(error))
    if declared and not _is_encoding(declared[1]):
        return f"the encoding {declared[1]} is unknown"
    if isinstance(error, (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)):
        return None
    message = getattr(error, "getMessage", lambda: str(error))()
    number = getattr(error, "getLineNumber", lambda: None)()
    return shorten(line(str(message)), 120) + (f", line {number}" if number else "")


def _entry(item: Any, base: str) -> Entry:
    url = _link(item, base)
    summary = _plain(item.get("summary_detail")) or line(item.get("subtitle", ""))
    texts = [summary, *(_plain(content) for content in item.get("content", ()))]
    text = max(texts, key=len)
    title = shorten(line(_plain(item.get("title_detail"))), TITLE_CHARACTERS)
    guid = line(str(item.get("id", ""))) or None
    return Entry(
        guid=guid,
        url=url,
        link=canonical(url),
        title=title or shorten(line(text), 120) or url or guid or "",
        summary=shorten(summary or text, SUMMARY_CHARACTERS),
        text=text,
        published_at=_moment(item, "published") or _moment(item, "updated"),
    )


def _plain(detail: Any) -> str:
    if not detail:
        return ""
    value = (detail.get("value") or "")[:HTML_CHARACTERS]
    if detail.get("type") == "text/plain":
        return (
            plain(value) if re.search(r"<(?:p|br|a|b|i|div|span|ul|li)\b", value, re.I) else _decoded(value)
        )
    return plain(value)


def _decoded(value: str) -> str:
    """Plain text in which some publishers still leave entities escaped twice."""
    return "\n".join(filter(None, (line(part) for part in html.unescape(value).splitlines())))


def _moment(item: Any, name: str) -> str | None:
    # Past feedparser's own get(): it answers the published date for the updated one, with a warning.
    stated = shorten(line(str(dict.get(item, name, ""))), DATE_CHARACTERS)
    return moments.published(stated, dict.get(item, f"{name}_parsed")) if stated else None


def _encoding_hint(content_type: str) -> str:
    """A content type that says 'XML' whatever the server called it, with the server's charset."""
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    return f"application/xml; charset={found[1]}" if found else "application/xml"
