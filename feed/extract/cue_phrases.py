"""What cues.toml holds: the plain phrases among the cues, and the patterns.

Pure: no clock, no network, no database; cues.toml is read once. Does not look into any text.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from feed.extract.words import words

KINDS = ("call", "initiative")
Name = tuple[str, str]
"""Of what kind a cue speaks, and what it is called."""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("feed.extract").joinpath("cues.toml").read_text(encoding="utf-8"))


def phrases() -> list[tuple[str, tuple[Name, ...]]]:
    """Each plain phrase once, with the cues that it is one of."""
    found: dict[tuple[str, ...], tuple[str, list[Name]]] = {}
    for kind in KINDS:
        for name, listed in _data()["words"][kind].items():
            for phrase in listed:
                key = tuple(word.fold for word in words(phrase))
                found.setdefault(key, (phrase, []))[1].append((kind, name))
    return [(phrase, tuple(names)) for phrase, names in found.values()]


@cache
def patterns() -> list[tuple[Name, re.Pattern[str]]]:
    """The cues that are patterns over a text in small letters."""
    lists = _data()["lists"]

    def whole(pattern: str) -> str:
        for name, words_of in lists.items():
            pattern = pattern.replace("{" + name + "}", f"(?:{words_of})")
        return pattern

    return [
        ((kind, name), re.compile(whole(pattern)))
        for kind in KINDS
        for name, pattern in _data()[kind].items()
    ]
