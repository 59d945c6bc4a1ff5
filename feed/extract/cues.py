"""Turns of phrase with gaps in them: where a sentence asks, opens, launches, or only recalls.

Pure: no clock, no network, no database; cues.toml is read once. A cue alone decides nothing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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


@cache
def _patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    data = tomllib.loads(files("feed.extract").joinpath("cues.toml").read_text(encoding="utf-8"))
    lists = data["lists"]

    def whole(pattern: str) -> str:
        for name, words in lists.items():
            pattern = pattern.replace("{" + name + "}", f"(?:{words})")
        return pattern

    return [
        (kind, name, re.compile(whole(pattern)))
        for kind in ("call", "initiative")
        for name, pattern in data[kind].items()
    ]


def cues(page: Page) -> list[Cue]:
    """The cues of an announcement: of each sort the first in each sentence."""
    small = page.doc.translate(_SMALL)
    found: list[Cue] = []
    for kind, name, pattern in _patterns():
        last = -1
        for match in pattern.finditer(small):
            line = page.line_at(match.start())
            if line.index != last and match.end() <= line.sentence.end + 1:
                found.append(Cue(kind, name, line, match.start(), match.end()))
                last = line.index
    found.sort(key=lambda cue: (cue.line.index, cue.kind))
    return found
