"""Which sentences announce an initiative. The words are data, in kinds.toml; here is how they combine.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from feed.extract.lines import Line, Page, Tags
from feed.extract.signals import Signal, signal, vetoed
from feed.extract.words import Hit, words

_REACH = 18
_OBJECTS = {
    "launch": frozenset({"accord", "scheme", "facility", "plan"}),
    "publish": frozenset({"plan"}),
    "open": frozenset({"facility"}),
    "join": frozenset({"accord"}),
}
_ALL = _OBJECTS["launch"]
# Plurals that name no one thing that is launched, unlike 'hubs' or 'partnerships'.
_PLURALS = frozenset({"plans", "agencies", "units", "standards", "visions"})
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
_DATED = re.compile(
    r"\b(?:in|on|during|by|of|back in)\s+(?:early |late |mid-?|the (?:spring|summer|autumn"
    r"|winter) of )?(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:[A-Z][a-z]+\s+)?(?P<year>20\d\d|19\d\d)\b"
    r"|\b(?:last (?:year|month|autumn|summer|spring|winter)|(?:a|two|three|four|five|\d+) (?:years?"
    r"|months?|decades?) ago|earlier this (?:year|month)|previously)\b"
)


def initiative(page: Page, line: Line, *, title_is_soft: bool) -> Signal | None:
    """What in the sentence announces an initiative, if anything does."""
    if line.part in ("quote", "notes") or _is_hypothetical(line):
        return None
    found = _launches(page, line) or _launched(page, line)
    if line.part == "title" and title_is_soft:
        return found if found and not vetoed(words(page.doc[: found.end]), "soft") else None
    if found is None and line.part in ("title", "lead"):
        found = _partners(line) or _is_new(page, line)
    if found is None and line.part == "title":
        found = _is_titled(line)
    if found is None or (line.part == "body" and not _is_marked_new(line, found)):
        return None
    return found


def _is_hypothetical(line: Line) -> bool:
    """Whether the sentence only wishes, discusses or recalls: 'they discussed signing an agreement'."""
    verbs = line.having("launch", "join", "partner")
    before = verbs[0].first if verbs else line.last
    return any(hit.first < before for hit in line.having("hypothetical"))


def _is_past(page: Page, hit: Hit[Tags], line: Line) -> bool:
    """Whether the verb tells of something done long before: 'launched in 2019', 'since it was signed'."""
    if _is_today(page, line, hit):
        return False
    before = [other for other in line.having("retro_before") if 0 < hit.first - other.last <= 3]
    if before:
        return True
    dated = _DATED.search(page.doc, hit.end, min(line.sentence.end, hit.end + 60))
    if dated is None:
        return False
    if dated["year"] is None:
        return True
    return page.year is None or int(dated["year"]) < page.year


def _is_today(page: Page, line: Line, verb: Hit[Tags]) -> bool:
    """Whether 'today' follows the verb."""
    after = (hit for hit in line.having("new") if 0 < hit.first - verb.last <= 2)
    return any(page.doc[hit.start : hit.end].casefold() == "today" for hit in after)


def _launches(page: Page, line: Line) -> Signal | None:
    """A verb of launching with what is launched after it: 'signed a memorandum'."""
    for verb in line.having("launch", "publish", "open", "join"):
        if "join" in verb.payload and line.part != "title":
            continue
        objects = frozenset[str]().union(*(_OBJECTS[name] for name in verb.payload if name in _OBJECTS))
        if _is_past(page, verb, line):
            continue
        noun = _object(page, line, verb, objects)
        if noun is not None:
            return signal(line, "initiative", "kind.launches", (verb, noun), noun)
    return None


def _object(page: Page, line: Line, verb: Hit[Tags], objects: frozenset[str]) -> Hit[Tags] | None:
    for hit in line.tags:
        if hit.first <= verb.last:
            continue
        between = page.words[verb.last + 1 : hit.first]
        if len(between) > _REACH or page.stopped(verb.last, hit.first):
            return None
        if any(word.fold in ("will", "would") for word in between):
            return None
        if page.doc[hit.start : hit.end].casefold() in _PLURALS:
            continue
        if hit.payload & objects:
            return _end_of_compound(line, hit, objects)
        if not hit.payload.isdisjoint(("block", "noncall", "callstrong")):
            return None
    return None


def _end_of_compound(line: Line, noun: Hit[Tags], objects: frozenset[str]) -> Hit[Tags] | None:
    """The last noun of a compound: in 'partnership agreement' the agreement; None if it is a call's noun."""
    for hit in line.tags:
        if hit.first == noun.last + 1 and not hit.payload.isdisjoint(("callstrong", "callplain")):
            return None
        if hit.first == noun.last + 1 and hit.payload & objects and "launch" not in hit.payload:
            return hit
    return noun


def _launched(page: Page, line: Line) -> Signal | None:
    """What is launched before its verb: 'a memorandum was signed', or 'pact signed' in a title."""
    for verb in line.having("launch"):
        helped = any(0 < verb.first - hit.last <= 2 for hit in line.having("auxiliary"))
        done = page.doc[verb.start : verb.end].casefold().endswith(("ed", "struck", "set up"))
        helped = helped or (done and (line.part == "title" or _is_today(page, line, verb)))
        if not helped or _is_past(page, verb, line):
            continue
        for noun in reversed(line.tags):
            if noun.first >= verb.first:
                continue
            if verb.first - noun.last > 8 or "block" in noun.payload or page.stopped(noun.last, verb.first):
                break
            if noun.payload & _ALL and not page.is_in_body_name(noun):
                return signal(line, "initiative", "kind.launched", (noun, verb), noun)
    return None


def _partners(line: Line) -> Signal | None:
    """States that agree to work together, with no noun for what they agreed."""
    verbs = line.having("partner")
    if verbs and len(line.states) >= 2:
        return signal(line, "initiative", "kind.partners", verbs[:1], verbs[0])
    return None


def _is_new(page: Page, line: Line) -> Signal | None:
    """'New digital partnership …': in a title, or in a lead that says what it will do."""
    for new in line.having("new"):
        for hit in line.tags:
            if hit.first <= new.last:
                continue
            if hit.first - new.last > 8 or _is_apart(page, new.last, hit.first):
                break
            if hit.payload & _ALL:
                later = any(will.first > hit.last for will in line.having("will"))
                if later or (line.part == "title" and not line.having("block")):
                    return signal(line, "initiative", "kind.new", (new, hit), hit)
                break
            if not hit.payload.isdisjoint(("block", "callstrong", "callplain", "noncall")):
                break
    return None


def _is_apart(page: Page, first: int, last: int) -> bool:
    """Whether the words between two others begin another phrase: 'new homes for the centre'."""
    return page.stopped(first, last) or any(word.fold in _APART for word in page.words[first + 1 : last])


def _is_titled(line: Line) -> Signal | None:
    """A title that is the name of an accord between two states."""
    accords = line.having("accord")
    if len(line.states) < 2 or not accords or line.having("hypothetical"):
        return None
    if all(hit.first > accords[-1].last + 1 for hit in line.having("block")):
        return signal(line, "initiative", "kind.titled", accords[-1:], accords[-1])
    return None


def _is_marked_new(line: Line, found: Signal) -> bool:
    """Whether a sentence below the lead says that the thing is new."""
    return any(abs(hit.first - found.first) <= 12 for hit in line.having("new"))
