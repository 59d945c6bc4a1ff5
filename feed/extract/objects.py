"""What a verb of launching launches: the noun behind it, when no other phrase comes in between.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from feed.extract.lines import Line, Page, Tags
from feed.extract.words import Hit

_REACH = 18
_NEAR = 6
_PARTICIPLES = ("ed", "set up", "struck", "begun")
# Plurals that name no one thing that is launched, unlike 'hubs' or 'partnerships'.
_PLURALS = frozenset({"plans", "agencies", "units", "standards", "visions", "initiatives", "funds"})
# Papers and panels, even with a capital.
_DOCUMENTS = frozenset({"statement", "report", "review", "consultation", "council", "survey"})
# A participle with one of these behind it has no object: 'set up by the council', 'signed to help'.
_NO_OBJECT = frozenset(
    {
        "by",
        "to",
        "in",
        "at",
        "under",
        "from",
        "with",
        "as",
        "for",
        "when",
        "after",
        "since",
        "during",
        "through",
    }
)
# Behind a verb and before its object these lead away from it.
_ELSEWHERE = frozenset({"for", "as", "which", "who", "whose", "from", "into", "under", "where", "than"})
_APART = frozenset(
    [
        "for",
        "as",
        "at",
        "by",
        "to",
        "with",
        "after",
        "in",
        "on",
        "from",
        "of",
        "that",
        "which",
        "when",
        "while",
        "over",
        "than",
        "under",
        "who",
        "is",
        "are",
    ]
)


def _has_no_object(page: Page, verb: Hit[Tags]) -> bool:
    """Whether the verb is a participle that something else follows: 'set up by the council'."""
    follows = page.words[verb.last + 1].fold if verb.last + 1 < len(page.words) else ""
    return follows in _NO_OBJECT and page.doc[verb.start : verb.end].casefold().endswith(_PARTICIPLES)


def launched_by(page: Page, line: Line, verb: Hit[Tags], objects: frozenset[str]) -> Hit[Tags] | None:
    """The noun with one of the tags `objects` that the verb launches; None if there is none."""
    if _has_no_object(page, verb):
        return None
    reach = _NEAR if page.doc[verb.start : verb.end].endswith(" of") else _REACH
    for hit in line.tags:
        if hit.first <= verb.last:
            continue
        between = page.words[verb.last + 1 : hit.first]
        if len(between) > reach or page.stopped(verb.last, hit.first):
            return None
        if any(word.fold in ("will", "would") for word in between) or _leaves(
            page, line, verb.last, hit.first
        ):
            return None
        if is_plural(page, hit) or (line.part != "title" and _is_in_name(page, hit)):
            continue
        if hit.payload & objects:
            return _end_of_compound(page, line, hit, objects)
        is_call = "callplain" in hit.payload and not any(
            after.first == hit.last + 1 and after.payload & objects for after in line.tags
        )
        if is_call or not hit.payload.isdisjoint(("block", "noncall", "callstrong")):
            return None
    return None


def is_plural(page: Page, hit: Hit[Tags]) -> bool:
    """Whether the noun names no one thing: 'plans', 'innovation funds'."""
    return raw(page, hit).split()[-1] in _PLURALS


def raw(page: Page, hit: Hit[Tags]) -> str:
    """A phrase as it is written, but for capitals."""
    return page.doc[hit.start : hit.end].casefold()


def _is_in_name(page: Page, hit: Hit[Tags]) -> bool:
    """Whether a word that blocks is but part of a name: the 'Relationship' of an initiative's title."""
    return (
        hit.payload == frozenset({"block"})
        and page.words[hit.first].exact[0].isupper()
        and raw(page, hit) not in _DOCUMENTS
    )


def _leaves(page: Page, line: Line, first: int, last: int) -> bool:
    """Whether the words between a verb and a noun lead to another thing: 'a new process in the scheme'."""
    for index in range(first + 2, last):
        word = page.words[index]
        if word.fold in _ELSEWHERE and not any(amount.end <= word.start for amount in line.money):
            return True
        if word.fold == "in" and page.words[index + 1].fold in ("the", "its", "their", "this"):
            return True
    return False


def _end_of_compound(page: Page, line: Line, noun: Hit[Tags], objects: frozenset[str]) -> Hit[Tags] | None:
    """The last noun of a compound: in 'partnership agreement' the agreement; None if it is a call's noun."""
    for hit in line.tags:
        near = 0 < hit.first - noun.last <= 3 and not is_apart(page, noun.last, hit.first)
        if near and not hit.payload.isdisjoint(("callstrong", "callplain")):
            return None
        if hit.first == noun.last + 1 and hit.payload & objects and "launch" not in hit.payload:
            return hit
    return noun


def is_apart(page: Page, first: int, last: int) -> bool:
    """Whether the words between two others begin another phrase: 'new homes for the centre'."""
    return page.stopped(first, last) or any(word.fold in _APART for word in page.words[first + 1 : last])
