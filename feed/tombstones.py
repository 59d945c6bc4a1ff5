"""What an Atom feed says of entries that it has taken out: `at:deleted-entry` (RFC 6721), which feedparser
passes over.

Pure: no clock, no network, no database. A document type, whose entities could mean anything, is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.parsers import expat

from feed.text import plain
from storage.plain import line, shorten

MOST = 1_000
"""So many are read."""
COMMENT_CHARACTERS = 500
_ATOM, _AT = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that was taken out: its id, when that was, and why, in the publisher's words ('': not
    said)."""

    ref: str
    when: datetime
    comment: str = ""


def read(body: bytes) -> tuple[Tombstone, ...]:
    """The tombstones of a feed, but those of entries that it shows all the same; none where the document is
    not well-formed: what it shows behind the fault is not known."""
    if b"deleted-entry" not in body and b"\0" not in body[:64]:  # zeros: UTF-16
        return ()
    reading = _Reading()
    try:
        return reading.read(body)
    except (expat.ExpatError, ValueError, LookupError):
        return ()


class _Reading:
    """One go through a document."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._shown: set[str] = set()
        self._found: dict[str, tuple[datetime, list[str]]] = {}
        self._ref = ""
        self._id: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text

    def read(self, body: bytes) -> tuple[Tombstone, ...]:
        self._parser.Parse(body, True)
        return tuple(
            Tombstone(ref, when, shorten(line(plain("".join(comment))), COMMENT_CHARACTERS))
            for ref, (when, comment) in self._found.items()
            if ref not in self._shown
        )

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type")

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._path == [f"{_ATOM} feed", f"{_AT} deleted-entry"]:
            self._ref = line(attributes.get("ref", ""))
            when = _moment(attributes.get("when", ""))
            if self._ref and when and len(self._found) < MOST:
                # Of several for one entry, the last one counts.
                if self._ref not in self._found or self._found[self._ref][0] < when:
                    self._found[self._ref] = (when, [])
            else:
                self._ref = ""
        elif self._is_id():
            self._id = []

    def _text(self, text: str) -> None:
        if self._is_id():
            self._id.append(text)
        elif self._ref and self._path[2:3] == [f"{_AT} comment"]:
            words = self._found[self._ref][1]
            if len(words) < COMMENT_CHARACTERS:
                words.append(text[:COMMENT_CHARACTERS])

    def _close(self, name: str) -> None:
        if self._is_id():
            self._shown.add(line("".join(self._id)))
        if len(self._path) == 2:
            self._ref = ""
        self._path.pop()

    def _is_id(self) -> bool:
        return self._path == [f"{_ATOM} feed", f"{_ATOM} entry", f"{_ATOM} id"]


def _moment(stated: str) -> datetime | None:
    """A date and time (RFC 3339)."""
    try:
        found = datetime.fromisoformat(stated.strip().upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
