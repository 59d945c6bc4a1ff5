"""Calls that one announcement opens side by side, each with its own money and technology.

Pure: no clock, no network, no database. When in doubt they stay one call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from feed.extract import roles
from feed.extract.lines import Line, Page
from feed.extract.signals import Signal

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


def calls(read: Page, opened: Sequence[Signal]) -> list[Part]:
    """The calls, when an announcement plainly opens more than one; else nothing."""
    for found in opened:
        spans = _listed(read, found)
        if spans:
            signals = [replace(found, noun="apply") for _ in spans]
            return _parts(read, signals, spans, spans[-1][1])
    told = _told(read, opened)
    spans = [one.line.span for one in told]
    return _parts(read, told, spans, spans[0][1]) if len(told) > 1 else []


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
