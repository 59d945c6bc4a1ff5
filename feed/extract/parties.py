"""The states that are named in an announcement, and whether they may be parties to a subject.

Pure: no clock, no network, no database. Which of them are parties is weighed elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from feed.extract import past
from feed.extract.drafts import Draft
from feed.extract.lines import Line, Page
from feed.extract.places import Place, beneficiaries, parties, side_by_side
from feed.extract.words import BREAK, Hit
from storage.events import Evidence

ALONE = "publisher's, others are named"
"""The feature of a state that only publishes, where others are named."""
_LISTS = re.compile(
    r"(?:international )?partners:|(?:(?:partner|participating) )?(?:countries|states|nations):",
    re.IGNORECASE,
)
_BETWEEN = frozenset({",", "and", "the", BREAK})
_HELPING = frozenset({"have", "has", "today", "jointly", "together", ","})
_OBJECT_REACH = 8
Named = tuple[Line, Hit[Place], bool, bool]
"""Where a state is named: sentence and words, whether they say that it takes part, and joined to others."""


@dataclass(frozen=True, slots=True)
class Party:
    """A state that may be a party, what it was read from, and what is weighed of it.

    `certain` is one that rules say takes part; `together`, one of several that announce the subject.
    """

    evidence: Evidence
    features: frozenset[str]
    certain: bool = False
    together: bool = False


def announce_it_together(draft: Draft, places: Sequence[Named]) -> bool:
    """Whether the sentence that announces an initiative joins it to others: 'Japan and France signed'."""
    return draft.kind == "initiative" and any(
        joined and draft.signal is not None and line.index == draft.signal.line.index
        for line, _, _, joined in places
    )


def named_states(page: Page) -> tuple[dict[str, list[Named]], set[str]]:
    """Where each state is named, and those that are only named as the ones that gain."""
    named: dict[str, list[Named]] = {}
    other: set[str] = set()
    for line in page.lines:
        linked = set(parties(page.words, line.places, strict=True))
        taking = set(parties(page.words, line.places, strict=False))
        aims = beneficiaries(page.words, line.places)
        for hit in line.places:
            for code in hit.payload.codes:
                own = named.setdefault(code, [])
                own.append((line, hit, hit in taking, False))
                if hit in linked:
                    own.append((line, hit, True, True))
                if hit not in aims:
                    other.add(code)
    return named, named.keys() - other


def listed(page: Page, line: Line) -> frozenset[str]:
    """The states that are listed behind a label, and nothing else: 'Partner countries: Japan, Canada.'"""
    label = _LISTS.match(page.doc, *line.span)
    if label is None:
        return frozenset()
    within = {index for hit in line.places for index in range(hit.first, hit.last + 1)}
    rest = [index for index in range(line.first, line.last) if page.words[index].start >= label.end()]
    if any(index not in within and page.words[index].fold not in _BETWEEN for index in rest):
        return frozenset()
    return line.states


def launching(page: Page, line: Line) -> frozenset[str]:
    """The states that launch a call together: 'The UK, India and Australia launched a joint call'."""
    if past.is_hypothetical(line):
        return frozenset()
    for group in side_by_side(page.words, line.places):
        for verb in line.having("launch", "open"):
            helping = page.words[group[-1].last + 1 : verb.first]
            if verb.first <= group[-1].last or any(word.fold not in _HELPING for word in helping):
                continue
            if not past.is_past(page, verb, line) and any(
                0 < noun.first - verb.last <= _OBJECT_REACH and not page.stopped(verb.last, noun.first)
                for noun in line.having("callstrong", "callplain")
            ):
                return frozenset(code for hit in group for code in hit.payload.codes)
    return frozenset()


def accompanying(page: Page, line: Line) -> frozenset[str]:
    """The states with which a call is, if its title names one of them: 'projects with Japan and Canada'."""
    title = page.lines[0]
    if line.part != "lead" or not line.having("callstrong", "callplain", "apply", "ask", "fundword"):
        return frozenset()
    if line.having("retro_before", "hypothetical") or past.is_hypothetical(line):
        return frozenset()
    taking = {code for hit in parties(page.words, title.places, strict=False) for code in hit.payload.codes}
    found: set[str] = set()
    for group in side_by_side(page.words, line.places):
        codes = {code for hit in group for code in hit.payload.codes}
        if codes & taking and group[0].first and page.words[group[0].first - 1].fold == "with":
            found |= codes
    return frozenset(found)
