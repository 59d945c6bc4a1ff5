"""What a source is: a feed, or one of the few interfaces and list pages that we read as if they were feeds.

`kind` in sources.toml names an adapter. Each is a small module that says what to ask for and turns the
answer into the entries of a feed; everything behind that is the same for all. Pure: no clock, no network,
no database. May not say what an entry means.

Beside the kinds stand what they share: `entries` (facts as an entry's words), `records` (JSON that may hold
anything) and `markup` (pages).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from feed.parse import Feed
    from feed.question import Question

KINDS = ("feed", "grants-gov", "eu-funding", "innovate-uk", "find-government-grants")


class Adapter(Protocol):
    """A module of this package."""

    def question(self, url: str) -> Question:
        """What to ask for at the catalogue's address."""

    def read(self, body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
        """The entries in the answer that was found at `url`, but those whose marks (feed.cut) are known
        already. Raises SourceError for what cannot be read."""


def adapter(kind: str) -> Adapter:
    """The adapter of one of KINDS."""
    return cast("Adapter", import_module(f"feed.adapters.{kind.replace('-', '_')}"))
