"""What a sentence that announces something leaves behind, and what the title and the link alone tell.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from feed.extract.lines import Line, Tags, data
from feed.extract.words import Hit, Phrases, Word

_NOUNS = ("callstrong", "accord", "plan", "facility", "scheme", "callplain", "apply", "ask", "label")


@dataclass(frozen=True, slots=True)
class Signal:
    """A sentence that announces a kind: [start, end) say so, [first, last] are the words of the noun."""

    kind: str
    rule: str
    line: Line
    start: int
    end: int
    first: int
    last: int
    noun: str


def signal(line: Line, kind: str, rule: str, hits: Sequence[Hit[Tags]], noun: Hit[Tags]) -> Signal:
    """The signal that these phrases make together."""
    name = next((name for name in _NOUNS if name in noun.payload), "")
    start, end = min(hit.start for hit in hits), max(hit.end for hit in hits)
    return Signal(kind, rule, line, start, end, noun.first, noun.last, name)


@cache
def _veto(strength: str, place: str) -> Phrases[str]:
    return Phrases((phrase, phrase) for phrase in data()["veto"][strength].get(place, ()))


@cache
def prefixes() -> frozenset[str]:
    """Document types that stand before a title."""
    return frozenset(data()["prefixes"]["plain"]) | frozenset(data()["prefixes"]["none"])


def is_no_news(prefix: str) -> bool:
    """Whether a document of this type carries no subject: a speech, guidance, statistics."""
    return prefix in data()["prefixes"]["none"]


def is_call_type(prefix: str) -> bool:
    """Whether documents of this type are calls."""
    return prefix in data()["prefixes"]["call"]


def vetoed(title: Sequence[Word], strength: str) -> bool:
    """Whether a title is of something else. `strength`: 'hard', 'soft' or 'decided', as in kinds.toml."""
    if _veto(strength, "any").find(title)[0]:
        return True
    return any(hit.first == 0 for hit in _veto(strength, "start").find(title[:8])[0])


def is_opportunity_link(url: str) -> bool:
    """Whether the link is that of a funder's opportunity page."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").casefold()
    except ValueError:
        return False
    rest = f"{parts.path}?{parts.query}#{parts.fragment}".casefold()
    return any(
        (host == link["host"] or host.endswith("." + link["host"]))
        and rest.partition(link["path"])[2].strip("/?#") not in ("", "feed")
        for link in data()["links"]
    )
