"""Initiatives that a list of outcomes names, one in each item: what two governments agreed on one occasion.

Pure: no clock, no network, no database. A list of what one programme consists of stays one initiative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from feed.extract import initiatives, objects, past
from feed.extract.lines import Line, Page
from feed.extract.several import Part, Span
from feed.extract.signals import Signal, signal

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
