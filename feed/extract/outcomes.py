"""Initiatives besides one: those of the items of a list of outcomes, and of sentences that say so.

Pure: no clock, no network, no database. A list of what one programme consists of stays one initiative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from feed.extract import initiatives, objects, past, titles
from feed.extract.lines import Line, Page
from feed.extract.several import Part, Span
from feed.extract.signals import Signal, signal
from feed.extract.words import words

_ITEM = re.compile(r"^[ \t]*(?:[-–•*·▪]|\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)])[ \t]+(?=\S)", re.MULTILINE)
_MADE = re.compile(
    r"(?:the )?(?:establishment|setting up|signing|launch|creation|exchange|conclusion|adoption"
    r"|announcement) of ",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:between|with)\b", re.IGNORECASE)
# What a title or a lead calls a list as a whole.
_PLURAL = ("s", "package", "outcome", "memoranda of understanding")
# Items that tell of what is older, of a wish, or of no initiative.
_OTHER = re.compile(
    r"\b(?:progress|not(?:ed|ing)|welcom\w+|recall\w*|review\w*|reaffirm\w*|took stock|continu\w+|negotiat\w+"
    r"|commercial|sale|contract|exchanged? (?:of )?views|opinions|discuss\w*|look(?:ed)? forward|visit|next"
    r"|meeting|call for|apply|proposals)\b",
    re.IGNORECASE,
)
_ITEMS, _NEAR, _REACH = 2, 14, 60
_MOST_FURTHER = 4
# A name has so many words: 'the declaration' is one that was named before.
_NAMED = 2
_PROPER = 3
_ALSO = re.compile(
    r"\b(?:also|separately|in addition|additionally|alongside|meanwhile|furthermore|second|another|third"
    r"|as well as|further|the other|at the same (?:time|function|event|occasion)|same day"
    r"|(?:both|two|three|four) (?:sides|countries|governments|nations|leaders|ministers)"
    r"|the (?:leaders|ministers|sides|parties|countries)) "
    r"|^\W*(?:\(?[0-9ivx]{1,3}[.)]|[•*–-])\s",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:today|this (?:morning|afternoon|week)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|we (?:also )?(?:launch"
    r"|establish|announce|create|have))\b",
    re.IGNORECASE,
)


def outcomes(read: Page, main: Signal) -> list[Part]:
    """The initiatives of a list, if it names two or more between states or bodies; else nothing."""
    found: list[tuple[Signal, Span]] = []
    for low, high in _items(read.doc):
        line = read.line_at(low)
        if (
            line.part in ("quote", "notes")
            or line.span[0] > high
            or _OTHER.search(read.doc, low, min(high, line.span[1]))
        ):
            continue
        if one := _named(read, line, low, high):
            found.append((one, (low, high)))
    if len(found) < _ITEMS or _is_umbrella(read, main, [one for one, _ in found]):
        return []
    heading = tuple(line.span for line in read.lines[:1] if line.part == "title")
    return [Part(one, (span,), heading) for one, span in found]


def _items(doc: str) -> Iterator[Span]:
    """Each item of a list, from behind its mark, with the lines below it up to the next one."""
    marks = list(_ITEM.finditer(doc))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(doc)
        gap = doc.find("\n\n", mark.end(), end)
        yield mark.end(), gap if gap >= 0 else end


def _named(read: Page, line: Line, low: int, high: int) -> Signal | None:
    """What an item names: a paper or a thing of two states as its head, or what its sentence launches."""
    if told := initiatives.further(read, line):
        return told
    made = _MADE.match(read.doc, low)
    low = made.end() if made else low
    for hit in line.tags:
        if not low <= hit.start < high or not hit.payload & initiatives.OBJECTS:
            continue
        start = next(index for index in range(line.first, hit.first + 1) if read.words[index].start >= low)
        if hit.first - start > _NEAR or objects.is_apart(read, start, hit.first):
            return None
        if past.is_dated_back(read, hit, line) or (
            hit.first and read.words[hit.first - 1].fold in ("the", "this")
        ):
            return None
        partners = len(line.states) > 1 or _BETWEEN.search(read.doc, hit.end, min(high, hit.end + _REACH))
        if partners or initiatives.is_paper(read, hit):
            return signal(line, "initiative", "kind.outcome", (hit,), hit)
    return None


def _is_umbrella(read: Page, main: Signal, items: Sequence[Signal]) -> bool:
    """Whether title or lead launch one thing by its name, of which the list is but the parts."""
    named = any(
        (hit.first, hit.last) == (main.first, main.last) and hit.payload & initiatives.OBJECTS
        for hit in main.line.tags
    )
    if main.line.part not in ("title", "lead") or not named:
        return False
    whole, *parts = (_raw(read, one) for one in (main, *items))
    return not whole.endswith(_PLURAL) and whole not in parts


def _raw(read: Page, found: Signal) -> str:
    return read.doc[read.words[found.first].start : read.words[found.last].end].casefold()


def further(read: Page, launched: Sequence[Signal], main: Signal) -> list[Signal]:
    """Initiatives besides the main one: those of a sentence that says so, and named otherwise."""
    found: list[Signal] = []
    seen = [_name(read, main)]
    told = {one.line.index: one for one in launched}
    for line in read.lines:
        sentence = read.doc[slice(*line.span)]
        if line.index == main.line.index or line.part == "title":
            continue
        other = told.get(line.index) or initiatives.further(read, line)
        if other is None or not (_ALSO.search(sentence) or _is_proper(read, other, sentence)):
            continue
        if other.rule in ("kind.new", "kind.titled", "kind.partners"):
            continue
        name = _name(read, other)
        if (
            _refers_back(read, other)
            or len(name) < _NAMED
            or _is_same(read, main, other)
            or any(name & known and len(name & known) * 2 >= min(len(name), len(known)) for known in seen)
        ):
            continue
        seen.append(name)
        found.append(other)
    return found[:_MOST_FURTHER]


def _is_proper(read: Page, found: Signal, sentence: str) -> bool:
    """Whether a thing with a name of its own is launched now: 'On Monday he opened the …'."""
    named = titles.phrase_title(read.doc, read.words, found.first, found.last).split()
    return len(named) >= _PROPER and all(word[0].isupper() for word in named) and bool(_NOW.search(sentence))


def _refers_back(read: Page, found: Signal) -> bool:
    """Whether the noun speaks of what was named before: 'signed the declaration'."""
    before = read.words[found.first - 1].fold if found.first > found.line.first else ""
    return before in ("the", "this", "that") and read.words[found.last].exact[0].islower()


def _is_same(read: Page, main: Signal, other: Signal) -> bool:
    """Whether two sentences tell of one accord between the same states, and on nothing else."""
    if main.noun != "accord" or other.noun != "accord" or main.line.states != other.line.states:
        return False
    spans = [(one.line.sentence.start, one.line.sentence.end) for one in (main, other)]
    return bool(main.line.states) and read.slugs(*spans[1]) <= read.slugs(*spans[0])


def _name(read: Page, found: Signal) -> frozenset[str]:
    phrase = titles.phrase_title(read.doc, read.words, found.first, found.last)
    return frozenset(word.fold for word in words(phrase) if len(word.fold) > 2)
