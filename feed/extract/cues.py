"""Turns of phrase with gaps in them: where in a sentence something is asked for, opened, launched, or only recalled.

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


@cache
def _patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    data = tomllib.loads(files("feed.extract").joinpath("cues.toml").read_text(encoding="utf-8"))
    lists = data["lists"]

    def whole(pattern: str) -> str:
        for name, words in lists.items():
            pattern = pattern.replace("{" + name + "}", f"(?:{words})")
        return pattern

    return [
        (kind, name, re.compile(whole(pattern), re.IGNORECASE))
        for kind in ("call", "initiative")
        for name, pattern in data[kind].items()
    ]


def cues(page: Page) -> list[Cue]:
    """The cues of an announcement: of each sort the first in each sentence."""
    found: list[Cue] = []
    for line in page.lines:
        low, high = line.span
        for kind, name, pattern in _patterns():
            match = pattern.search(page.doc, low, high)
            if match:
                found.append(Cue(kind, name, line, match.start(), match.end()))
    return found
