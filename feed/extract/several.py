"""Calls that one announcement opens side by side, each with its own money and technology.

Pure: no clock, no network, no database. When in doubt they stay one call.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from feed.extract import dates, roles
from feed.extract.calendar import days
from feed.extract.lines import Line, Page
from feed.extract.signals import Signal
from feed.extract.words import words

_COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4, "five": 5, "5": 5, "six": 6, "6": 6}
_SEPARATE = re.compile(r"\b(?:separate(?:ly)?|second|another|also|further|in addition|additionally)\b", re.I)
_ALL = re.compile(r"\b(?:both|all|each|either)\b", re.IGNORECASE)
# What ties a clause to the next.
_JOINT = re.compile(r"[\s,;]*(?:\b(?:and|plus|with|a|an|another|a further))?\s*$", re.IGNORECASE)
_ONWARD = 6
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One of several calls: its signal, its own stretches, and those that it shares with the others."""

    signal: Signal
    stretches: tuple[Span, ...]
    shared: tuple[Span, ...]


def calls(read: Page, opened: Sequence[Signal], country: str | None) -> list[Part]:
    """The calls, when an announcement plainly opens more than one; else nothing."""
    for found in opened:
        spans = _listed(read, found)
        if spans:
            signals = [replace(found, noun="apply") for _ in spans]
            return _parts(read, signals, spans, spans[-1][1])
    if sections := _sectioned(read, country):
        return _in_sections(read, opened[0], sections)
    told = _told(read, opened)
    spans = [one.line.span for one in told]
    return _parts(read, told, spans, spans[0][1]) if len(told) > 1 else []


_MOST_CALLS = 6
# What says that there are several.
_NUMBER = re.compile(
    r"\b(?:two|three|four|five|six|both|several|[2-6])\b[^.\n]{0,60}\b(?:calls|competitions|opportunities|rounds"
    r"|grants|challenges|strands|schemes|funds|fellowships|prizes|programmes|programs|solicitations|notices|NOFOs"
    r"|lots|topics|awards|doors)\b",
    re.IGNORECASE,
)
# 'Call 1: …', 'AO-2: …', 'B. Call for proposals', 'HORIZON-CL4-…': a heading although something follows it.
_NUMBERED = re.compile(
    r"(?:[-–•*·]\s*)?(?:(?:call|ao|lot|topic|strand|track|theme|option|part|competition|challenge|grant)\b[\s.-]*"
    r"(?:no\.?\s*)?[0-9A-Z]{1,3}\b|\(?[0-9]{1,2}[.)]|\(?[A-Z][.)]|\((?:i{1,3}|iv|v|vi)\))\s*[:–.—-]?\s*\S",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"[\w /()&'’.-]{2,80}:\s*\S")
# Headings of parts of one call.
_OF_ONE = re.compile(
    r"\b(?:dates?|time-?(?:line|table|frame)|deadlines?|stage|phase|cut-?offs?|key|important|how to"
    r"|contact|eligib\w+"
    r"|who can|background|notes?|about|webinar|round \d|cycle|registration|expression|outline|schedule|common"
    r"|conditions|next steps|timing|apply|support|queries|related)\b",
    re.IGNORECASE,
)


def _sectioned(read: Page, country: str | None) -> list[Span]:
    """The sections, paragraphs or clauses that tell of one call each, with a deadline of its own."""
    dated = [day.start for day in days(read.doc, 0, len(read.doc), read.published, month_first=False)]
    if len(dated) < 2:
        return []
    title_end = read.lines[0].sentence.end if read.lines and read.lines[0].part == "title" else 0
    title = frozenset(word.fold for word in words(read.doc[:title_end]))
    heads = [read.doc[:title_end], *(read.doc[slice(*line.span)] for line in read.lines[1:5])]
    counted = any(_NUMBER.search(head) for head in heads)
    for cut in (_by_numbers, _by_headings, _by_lines, _by_clauses):
        found = [
            (span, closes.value)
            for span in cut(read.doc, title_end + 1)
            if bisect_left(dated, span[0]) < bisect_left(dated, span[1])
            and (counted or _is_titled(read.doc, title, span[0]))
            and (closes := dates.terms(read.doc, (span,), read.published, country)[1])
            and closes.rule == "closes.date"
        ]
        if 1 < len(found) <= _MOST_CALLS and len({value for _, value in found}) == len(found):
            return [span for span, _ in found]
    return []


def _is_titled(doc: str, title: frozenset[str], start: int) -> bool:
    """Whether a row is a numbered heading, or one that the title names, too: '… two grants: A and B'."""
    row = doc[start : doc.find("\n", start)][:100]
    if _NUMBERED.match(row):
        return True
    if not _is_heading(row):
        return False
    named = {word.fold for word in words(row) if len(word.fold) > 3}
    return len(named & title) * 2 >= min(4, len(named)) > 0


def _by_numbers(doc: str, start: int) -> list[Span]:
    """Each numbered heading with what stands below it."""
    return _below(doc, [low for low, high in _rows(doc, start) if _NUMBERED.match(doc[low:high].strip())])


def _by_headings(doc: str, start: int) -> list[Span]:
    """Each heading with what stands below it."""
    return _below(doc, [low for low, high in _rows(doc, start) if _is_heading(doc[low:high])])


def _below(doc: str, starts: Sequence[int]) -> list[Span]:
    if not starts:
        return []
    spans = list(zip(starts, [*starts[1:], len(doc)], strict=True))
    return [span for span in spans if not _OF_ONE.search(doc[span[0] : doc.find("\n", span[0])])]


def _by_lines(doc: str, start: int) -> list[Span]:
    return [
        (low, high)
        for low, high in _rows(doc, start)
        if high - low > 50 and not _LABELLED.match(doc, low, high)
    ]


def _by_clauses(doc: str, start: int) -> list[Span]:
    spans: list[Span] = []
    for low, high in _rows(doc, start):
        cuts = [low, *(match.end() for match in _CLAUSE.finditer(doc, low, high)), high]
        spans += [span for span in itertools.pairwise(cuts) if span[1] - span[0] > 40]
    return spans


_CLAUSE = re.compile(r"(?<!\b\w)[.;]\s+(?=[A-Za-z(])|,\s(?:while|whereas)\s")


def _rows(doc: str, start: int) -> Iterator[Span]:
    while start < len(doc):
        end = doc.find("\n", start)
        end = len(doc) if end < 0 else end
        if doc[start:end].strip():
            yield start, end
        start = end + 1


def _is_heading(row: str) -> bool:
    row = row.strip()
    if _NUMBERED.match(row):
        return True
    return (
        8 <= len(row) <= 140
        and not row.endswith((".", ":", ",", ";"))
        and not (_LABELLED.match(row) or row.count("|") > 1 or row[0] in '-–•*·"“')
    )


def _in_sections(read: Page, opened: Signal, spans: Sequence[Span]) -> list[Part]:
    """A call for each stretch; what stands before the first is of all."""
    parts = []
    for low, high in spans:
        line = next((line for line in read.lines if line.span[0] <= low < line.span[1]), opened.line)
        line = next((line for line in read.lines if low <= line.span[0] < high), line)
        found = replace(opened, line=line, start=low, end=min(high, line.span[1]), noun="apply")
        before = tuple(one.span for one in read.lines if one.span[1] <= spans[0][0] and one.part != "quote")
        parts.append(Part(found, ((low, high),), before))
    return parts


def _listed(read: Page, found: Signal) -> list[Span]:
    """'Two calls, £5m for AI and £3m for quantum': the clause of each."""
    for line in read.lines[found.line.index : found.line.index + 2]:
        count = _count(read, found, line)
        sums = [amount for amount in line.money if not amount.span]
        low, high = line.span
        if count != len(sums) or any(
            roles.role(read.doc, one, low, high).startswith("award") for one in sums
        ):
            continue
        starts, ends = [amount.start for amount in sums], [amount.end for amount in sums]
        ahead = list(zip(starts, [*starts[1:], high], strict=True))
        behind = list(zip([low, *ends[:-1]], ends, strict=True))
        for spans in (ahead, behind):
            if _is_apart([read.slugs(*span) for span in spans]):
                return [(start, start + len(_JOINT.sub("", read.doc[start:end]))) for start, end in spans]
    return []


def _count(read: Page, found: Signal, line: Line) -> int:
    """How many calls a sentence speaks of: by a number before the plural, or one noun for each."""
    before = read.words[max(0, found.first - 4) : found.first + 1]
    if read.doc[read.words[found.last].end - 1] in "sS":
        told = [_COUNTS[word.fold] for word in before if word.fold in _COUNTS]
        if told:
            return told[-1]
    nouns = [hit for hit in line.having("callstrong", "callplain") if hit.payload.isdisjoint(("noncall",))]
    return len(nouns) if line is found.line and len(nouns) > 1 else -1


def _is_apart(slugs: Sequence[frozenset[str]]) -> bool:
    """Whether each has technologies, and none has another's."""
    return all(slugs) and all(
        one.isdisjoint(other) for index, one in enumerate(slugs) for other in slugs[:index]
    )


def _told(read: Page, opened: Sequence[Signal]) -> list[Signal]:
    """Calls that sentences of their own open: the later one says so, or bears another sum."""
    found: list[Signal] = []
    for one in opened:
        if one.line.part == "title" or one.noun not in ("callstrong", "callplain"):
            continue
        span = one.line.span
        known = [read.slugs(*each.line.span) for each in found]
        if not _is_apart([*known, read.slugs(*span)]):
            continue
        sums = {amount.value for amount in one.line.money}
        others = {amount.value for each in found for amount in each.line.money}
        if not found or _SEPARATE.search(read.doc, *span) or (sums and others and sums.isdisjoint(others)):
            found.append(one)
    return found


def _parts(read: Page, signals: Sequence[Signal], spans: Sequence[Span], after: int) -> list[Part]:
    """Each call with the sentences that go on about it."""
    own: list[list[Span]] = [[span] for span in spans]
    slugs = [read.slugs(*span) for span in spans]
    taken = {one.line.index for one in signals}
    sentences = {one.line.span for one in signals}
    current, onward = 0, 0
    for line in read.lines:
        span = line.span
        if line.index in taken:
            current = next((at for at, start in enumerate(spans) if start == span), current)
        elif span[0] >= after and onward < _ONWARD and line.part in ("lead", "body"):
            onward += 1
            named = [at for at, one in enumerate(slugs) if one & read.slugs(*span)]
            whose = named or (range(len(spans)) if _ALL.search(read.doc, *span) else [current])
            for at in whose:
                own[at].append(span)
    heading = [line.span for line in read.lines[:1] if line.part == "title"]
    shared = tuple(sorted({*heading, *(span for span in sentences if span not in spans)}))
    return [Part(one, tuple(stretches), shared) for one, stretches in zip(signals, own, strict=True)]
