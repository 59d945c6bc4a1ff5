"""Where in an announcement its facts stand: the passages that hold the words they were read from.

Pure: no clock, no network, no database. May not judge whether the words say it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storage.events import Evidence

AROUND = 220
"""So many characters of a line are shown on each side of what is marked in it."""
MOST = 40
"""So many passages are shown."""
_VALUE, _LABEL = 30, 60


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a passage, and the fields that were read from them (none: they stand around)."""

    text: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    field: str


def passages(text: str, evidence: Iterable[Evidence]) -> list[list[Piece]]:
    """The lines of the text that hold evidence, in order, each in pieces."""
    spans = sorted(
        {span for item in evidence if (span := _find(text, item))}, key=lambda span: (span.start, span.end)
    )
    return [_pieces(text, *passage) for passage in _lines(text, spans)][:MOST]


def _find(text: str, item: Evidence) -> _Span | None:
    """The first place where the words stand by themselves, not as a part of longer ones."""
    if not item.quote.strip():
        return None
    words = re.escape(item.quote.strip())
    found = re.search(rf"(?<!\w){words}(?!\w)", text) or re.search(words, text)
    return _Span(found.start(), found.end(), item.field) if found else None


def _lines(text: str, spans: Sequence[_Span]) -> Iterator[tuple[int, int, list[_Span]]]:
    """Stretches of whole lines, with the spans in each."""
    low, high, own = 0, -1, list[_Span]()
    for span in spans:
        start = _with_label(text, text.rfind("\n", 0, span.start) + 1, span.end)
        end = text.find("\n", span.end)
        end = end if end >= 0 else len(text)
        if own and start <= high:
            high = max(high, end)
        else:
            if own:
                yield low, high, own
            low, high, own = start, end, []
        own.append(span)
    if own:
        yield low, high, own


def _with_label(text: str, start: int, end: int) -> int:
    """Where a line begins; where it is but a figure, with the line before it, which may be its label."""
    line_end = text.find("\n", end)
    line = text[start : line_end if line_end >= 0 else len(text)]
    if start == 0 or len(line) > _VALUE or not any(character.isdigit() for character in line[:4]):
        return start
    before = text.rfind("\n", 0, start - 1) + 1
    return before if 0 < start - 1 - before <= _LABEL else start


def _pieces(text: str, low: int, high: int, spans: Sequence[_Span]) -> list[Piece]:
    """A stretch cut where evidence begins and ends; what lies far from any is left out."""
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    cut_low, cut_high = max(low, first - AROUND), min(high, last + AROUND)
    edges = sorted({cut_low, cut_high, *(span.start for span in spans), *(span.end for span in spans)})
    pieces = [Piece("… ")] if cut_low > low else []
    for start, end in itertools.pairwise(edges):
        fields = dict.fromkeys(span.field for span in spans if span.start <= start and end <= span.end)
        words = text[start:end]
        if not fields and len(words) > 2 * AROUND:
            words = f"{words[:AROUND].rsplit(' ', 1)[0]} … {words[-AROUND:].split(' ', 1)[-1]}"
        pieces.append(Piece(words, tuple(fields)))
    return [*pieces, Piece(" …")] if cut_high < high else pieces
