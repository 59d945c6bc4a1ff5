"""RSS and Atom: the ordinary source.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from feed.parse import Feed, parse_new
from feed.question import Question


def question(url: str) -> Question:
    """What stands at the address."""
    return Question(url)


def read(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The new entries of the feed. Raises SourceError."""
    return parse_new(body, known, url=url, content_type=content_type)
