"""Text as governments write it, composed from the word lists of prose.toml: every entry a different one.

The same feed and place always give the same text. May not know how a feed is written.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SHARES = {"news": 0.92, "call": 0.05, "initiative": 0.03}
"""Most entries are ordinary news; this share is what the rules are there to find."""

SINCE = datetime(2026, 9, 1, 7, 30, tzinfo=UTC)

_DATA: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "prose.toml").read_text(encoding="utf-8")
)
_NUMBERS = {"few": (2, 60), "hundred": (100, 999), "percent": (2, 45), "million": (2, 250)}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: what it says, and when it was published. `key` is its own in the whole benchmark, `kind` is
    what it carries: news, call or initiative."""

    key: str
    kind: str
    title: str
    sentences: tuple[str, ...]
    published: datetime


def compose(feed: int, place: int, characters: int) -> Item:
    """The entry at this place of this feed (0 is the oldest), with about so many characters of text."""
    key = f"{feed}-{place}"
    words = _Words(random.Random(key))
    kind = words.chance.choices(list(SHARES), list(SHARES.values()))[0]
    title = words.fill(words.chance.choice(_DATA[kind]["titles"]))
    sentences, length = [], 0
    if kind != "news":
        sentences.append(words.fill(words.chance.choice(_DATA[kind]["sentences"])))
        length = len(sentences[0])
    templates = list(_DATA["news"]["sentences"])
    words.chance.shuffle(templates)
    while length < characters:
        sentences.append(words.fill(templates[len(sentences) % len(templates)]))
        length += len(sentences[-1])
    later = timedelta(hours=place * 7 + feed % 7, minutes=words.chance.randrange(60))
    return Item(key, kind, title, tuple(sentences), SINCE + later)


class _Words:
    """Fills the braces of templates, each time with other words; what announces something keeps to one
    technology. A name with a capital begins a sentence."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._technology = chance.choice(_DATA["words"]["technology"])

    def fill(self, template: str) -> str:
        return template.format_map(self)

    def __getitem__(self, name: str) -> str:
        if name[0].isupper():
            words = self[name.lower()]
            return words[0].upper() + words[1:]
        if name in _NUMBERS:
            return str(self.chance.randint(*_NUMBERS[name]))
        if name == "technology":
            return self._technology
        if name == "day":
            return f"{self.chance.randint(1, 28)} {self['month']} 2027"
        if name == "hour":
            return f"{self.chance.randint(1, 12)}:{self.chance.choice(('00', '15', '30', '45'))}pm"
        return self.chance.choice(_DATA["words"][name])
