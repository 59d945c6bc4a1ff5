"""A cheap first look at a feed: where its entries lie, and which of them are the same bytes as last time.

Pure: no clock, no network, no database. May not say what an entry means: what is new goes to feed.parse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from dataclasses import dataclass
from xml.parsers import expat

from feed import hints
from feed.hints import Hints

ENTRIES = frozenset({"item", "entry"})
MOST = 50
"""So many links and texts of a kind, and so many characters of a text, say what a head has to say."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A well-formed feed, cut into what stands before, between and behind its entries, and the entries.

    `parts` has one more element than `entries`; `marks` are short digests of the entries' bytes, `hints`
    what the head says of the feed itself.
    """

    parts: tuple[bytes, ...]
    entries: tuple[bytes, ...]
    hints: Hints

    @property
    def marks(self) -> tuple[str, ...]:
        """A mark for each entry: the first half of the SHA-256 of its bytes."""
        return tuple(hashlib.sha256(entry).hexdigest()[:32] for entry in self.entries)

    def without(self, known: Set[str]) -> bytes:
        """The document without the entries whose marks are known; as well-formed as before."""
        kept = [self.parts[0]]
        for mark, entry, between in zip(self.marks, self.entries, self.parts[1:], strict=True):
            kept += [b"" if mark in known else entry, between]
        return b"".join(kept)


def cut(body: bytes) -> Cut | None:
    """The feed in pieces; None when it is not well-formed, has no entries, or declares a document type
    (whose entities could mean anything), so that it has to be read as a whole."""
    if b"<!DOCTYPE" in body[:4096] or b"\0" in body[:64]:
        return None
    looking = _Spans(body)
    try:
        spans = looking.find()
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an encoding that nobody knows
        return None
    if not spans:
        return None
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(body)]
    parts = tuple(body[end:start] for end, start in zip(ends, starts, strict=True))
    return Cut(parts, tuple(body[start:end] for start, end in spans), looking.hints())


class _Spans:
    """Where the outermost entries begin and end, in bytes, and what stands in the head."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._depth = 0
        self._within = 0
        self._start = 0
        self._spans: list[tuple[int, int]] = []
        self._said: dict[str, list[str]] = {}
        self._links: list[tuple[str, str]] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close

    def find(self) -> list[tuple[int, int]]:
        self._parser.Parse(self._body, True)
        return self._spans

    def hints(self) -> Hints:
        return hints.read(self._said, self._links)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._within:
            return
        local = name.rpartition(":")[2]
        # RSS: rss/channel/item; RDF: rdf/item; Atom: feed/entry.
        if local in ENTRIES and self._depth <= 3:
            self._within, self._start = self._depth, self._parser.CurrentByteIndex
        elif local == "link" and "href" in attributes and len(self._links) < MOST:
            self._links.append((attributes.get("rel", ""), attributes["href"]))
        elif local in hints.ELEMENTS:
            self._read(self._said.setdefault(local, []))

    def _read(self, texts: list[str]) -> None:
        """Take the beginning of what comes as one more text."""
        if len(texts) == MOST:
            return
        texts.append("")

        def read(text: str) -> None:
            texts[-1] += text
            if len(texts[-1]) > MOST:
                self._parser.CharacterDataHandler = None

        self._parser.CharacterDataHandler = read

    def _close(self, name: str) -> None:
        if not self._within:
            self._parser.CharacterDataHandler = None
        if self._within == self._depth:
            self._within = 0
            end = self._parser.CurrentByteIndex
            if not self._body.startswith(b"</" + name.encode(), end):
                raise ValueError("an empty entry: where its tag ends is not known")
            self._spans.append((self._start, self._body.index(b">", end) + 1))
        self._depth -= 1
