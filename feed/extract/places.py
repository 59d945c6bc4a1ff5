"""Which states are parties to what is announced, and not merely mentioned.

Pure: no clock, no network, no database; places.toml is read once.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from feed.extract.words import BREAK, Hit, Phrases, Word


@dataclass(frozen=True, slots=True)
class Place:
    """Words for a state or a group of states. `form` is 'name', 'people', 'capital' or 'group'."""

    codes: tuple[str, ...]
    form: str


@cache
def _phrases() -> Phrases[Place]:
    data = tomllib.loads(files("feed.extract").joinpath("places.toml").read_text(encoding="utf-8"))
    pairs = [(phrase, Place((), "none")) for phrase in data["ignore"]]
    pairs += [(name, Place(tuple(codes), "group")) for name, codes in data["groups"].items()]
    for code, entry in data["places"].items():
        pairs += [(name, Place((code,), "name")) for name in entry["names"]]
        pairs += [(name, Place((code,), "people")) for name in entry["people"]]
        pairs += [(name, Place((code,), "capital")) for name in entry["capitals"]]
    return Phrases(pairs)


def places(words: Sequence[Word]) -> list[Hit[Place]]:
    """The words for states in a text. A state's name is written with a capital: 'turkey' is a bird."""
    return [
        hit for hit in _phrases().find(words) if hit.payload.codes and words[hit.first].exact[0].isupper()
    ]


_MENTION = frozenset(
    [
        "in",
        "at",
        "from",
        "against",
        "over",
        "near",
        "outside",
        "across",
        "visiting",
        "to",
        "via",
        "than",
        "like",
    ]
)
_ARTICLES = frozenset({"the", "a", "an"})
_JOINTS = frozenset({"and", ","})
_HOLDERS = frozenset(["university", "college", "institute", "hospital", "company", "firm"])


def parties(words: Sequence[Word], found: Sequence[Hit[Place]], *, strict: bool) -> list[Hit[Place]]:
    """The places that take part. `strict`: only those that stand joined to another, as in 'UK–India'."""
    linked = _linked(words, found)
    return [hit for hit in found if hit in linked or (not strict and not _is_mention(words, hit))]


def _linked(words: Sequence[Word], found: Sequence[Hit[Place]]) -> set[Hit[Place]]:
    """Places that stand side by side, joined by a hyphen, 'and' or a comma."""
    linked: set[Hit[Place]] = set()
    for left, right in itertools.pairwise(found):
        between = words[left.last + 1 : right.first]
        if len(between) > 3 or left.payload.codes == right.payload.codes:
            continue
        if all(word.fold in _JOINTS or word.fold in _ARTICLES or word.fold == "with" for word in between):
            linked.update((left, right))
    return linked


def _is_mention(words: Sequence[Word], hit: Hit[Place]) -> bool:
    """Whether the place only tells where something is or whom it is about."""
    if hit.payload.form == "group":
        return False
    index = hit.first - 1
    while index >= 0 and words[index].fold in _ARTICLES:
        index -= 1
    before = words[index].fold if index >= 0 else BREAK
    after = words[hit.last + 1].fold if hit.last + 1 < len(words) else BREAK
    if hit.payload.form == "capital":
        return True
    if hit.payload.form == "people":
        return after in _HOLDERS
    return before in _MENTION
