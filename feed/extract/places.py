"""Which states are parties to what is announced, and not merely mentioned.

Pure: no clock, no network, no database; places.toml is read once.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from feed.extract.words import BREAK, Hit, Word


@dataclass(frozen=True, slots=True)
class Place:
    """Words for a state or a group of states. `form` is 'name', 'people', 'capital' or 'group'."""

    codes: tuple[str, ...]
    form: str


def phrases() -> list[tuple[str, Place]]:
    """The words for states, each with what it means."""
    data = tomllib.loads(files("feed.extract").joinpath("places.toml").read_text(encoding="utf-8"))
    pairs = [(phrase, Place((), "none")) for phrase in data["ignore"]]
    pairs += [(name, Place(tuple(codes), "group")) for name, codes in data["groups"].items()]
    for code, entry in data["places"].items():
        pairs += [(name, Place((code,), "name")) for name in entry["names"]]
        pairs += [(name, Place((code,), "people")) for name in entry["people"]]
        pairs += [(name, Place((code,), "capital")) for name in entry["capitals"]]
    return pairs


def named(words: Sequence[Word], found: Sequence[Hit[Place]]) -> list[Hit[Place]]:
    """Those phrases found that name a state: they begin with a capital, for 'turkey' is a bird."""
    return [hit for hit in found if hit.payload.codes and words[hit.first].exact[0].isupper()]


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
        "for",
    ]
)
# Before a list of states these tell whom something is for, or against.
_AIMS = frozenset(
    [
        "for", "to", "against", "over", "than", "like", "via", "visiting", "fighting", "support",
        "supporting", "help", "helping", "aiding", "backing", "equip", "give", "giving", "defend",
    ]
)  # fmt: skip
# 'The Ukraine summit', 'the Sudan crisis': what they are about.
_OCCASIONS = frozenset(["summit", "war", "crisis", "conflict", "border", "conference", "recovery"])
_ARTICLES = frozenset({"the", "a", "an"})
_JOINTS = frozenset({"and", ","})
_HOLDERS = frozenset(
    [
        "university", "college", "institute", "hospital", "company", "firm", "soldier", "troop", "people",
        "citizen", "civilian", "family", "refugee", "force", "national", "community", "patient", "child",
    ]
)  # fmt: skip


def beneficiaries(words: Sequence[Word], found: Sequence[Hit[Place]]) -> set[Hit[Place]]:
    """The places of those that gain, or suffer: 'support for Ukraine', 'against Russia'."""
    linked = [hit for group in side_by_side(words, found) if _is_aim(words, group[0]) for hit in group]
    return {*linked, *(hit for hit in found if _is_aim(words, hit))}


def parties(words: Sequence[Word], found: Sequence[Hit[Place]], *, strict: bool) -> list[Hit[Place]]:
    """The places that take part. `strict`: only those that stand joined to another, as in 'UK–India'."""
    groups = side_by_side(words, found)
    aims = {hit for group in groups if _is_aim(words, group[0]) for hit in group}
    linked = {hit for group in groups for hit in group} - aims
    return [
        hit
        for hit in found
        if hit in linked or (not strict and hit not in aims and not _is_mention(words, hit))
    ]


def side_by_side(words: Sequence[Word], found: Sequence[Hit[Place]]) -> list[list[Hit[Place]]]:
    """Groups of places that stand side by side, joined by a hyphen, 'and' or a comma."""
    groups: list[list[Hit[Place]]] = []
    for left, right in itertools.pairwise(found):
        between = words[left.last + 1 : right.first]
        if len(between) > 3 or left.payload.codes == right.payload.codes:
            continue
        if all(word.fold in _JOINTS or word.fold in _ARTICLES or word.fold == "with" for word in between):
            if groups and groups[-1][-1] == left:
                groups[-1].append(right)
            else:
                groups.append([left, right])
    return groups


def _is_aim(words: Sequence[Word], hit: Hit[Place]) -> bool:
    """Whether what stands before it makes it the one that gains, or suffers: 'support for Ukraine'."""
    return _before(words, hit) in _AIMS


def _before(words: Sequence[Word], hit: Hit[Place]) -> str:
    index = hit.first - 1
    while index >= 0 and words[index].fold in _ARTICLES:
        index -= 1
    return words[index].fold if index >= 0 else BREAK


def _is_mention(words: Sequence[Word], hit: Hit[Place]) -> bool:
    """Whether the place only tells where something is or whom it is about."""
    if hit.payload.form == "group":
        return False
    after = words[hit.last + 1].fold if hit.last + 1 < len(words) else BREAK
    if hit.payload.form == "capital":
        return True
    if hit.payload.form == "people":
        return after in _HOLDERS
    if after in _OCCASIONS:
        return True
    return _before(words, hit) in _MENTION or _is_aim(words, hit)
