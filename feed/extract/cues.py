"""Turns of phrase with gaps in them: where a sentence asks, opens, launches, or only recalls.

Pure: no clock, no network, no database. A cue alone decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from feed.extract.cue_phrases import Name, patterns
from feed.extract.lines import Line, Page


@dataclass(frozen=True, slots=True)
class Cue:
    """What was found at [start, end), in which sentence. `kind` is what it speaks of: call or initiative."""

    kind: str
    name: str
    line: Line
    start: int
    end: int


# Small letters for ASCII only: so every place is the same place in the document.
_SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def cues(page: Page) -> list[Cue]:
    """The cues of an announcement: of each sort the first in each sentence."""
    found: dict[tuple[int, Name], Cue] = {}

    def note(name: Name, start: int, end: int) -> None:
        line = page.line_at(start)
        if end <= line.sentence.end + 1:
            found.setdefault((line.index, name), Cue(*name, line, start, end))

    small = page.doc.translate(_SMALL)
    for name, pattern in patterns():
        for match in pattern.finditer(small):
            note(name, match.start(), match.end())
    for hit in page.cued:
        for name in hit.payload:
            note(name, hit.start, hit.end)
    return sorted(found.values(), key=lambda cue: (cue.line.index, cue.kind))
