"""The states that are named in an announcement, and whether they may be parties to a subject.

Pure: no clock, no network, no database. Which of them are parties is weighed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feed.extract.drafts import Draft
from feed.extract.lines import Line, Page
from feed.extract.places import Place, beneficiaries, parties
from feed.extract.words import Hit
from storage.events import Evidence

ALONE = "publisher's, others are named"
"""The feature of a state that only publishes, where others are named."""
Named = tuple[Line, Hit[Place], bool, bool]
"""Where a state is named: sentence and words, whether they say that it takes part, and joined to others."""


@dataclass(frozen=True, slots=True)
class Party:
    """A state that may be a party, what it was read from, and what is weighed of it.

    `certain` is one of several that announce an initiative together.
    """

    evidence: Evidence
    features: frozenset[str]
    certain: bool = False


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
