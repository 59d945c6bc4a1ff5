"""Which public bodies of the register a stretch of text names.

Pure: no clock, no network, no database; the register comes from storage.terms.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from feed.extract.words import Hit, Word, words
from storage.terms import bodies


@dataclass(frozen=True, slots=True)
class Candidate:
    """A body that a phrase can mean; `shared` when the phrase needs its country to be a party."""

    name: str
    country: str
    shared: bool
    topics: tuple[str, ...] = ()


def phrases() -> list[tuple[str, tuple[Candidate, ...]]]:
    """The names of public bodies, each with those that it can mean."""
    held: dict[tuple[str, ...], tuple[str, list[Candidate]]] = {}
    for body in bodies().values():
        pairs = [(alias, False) for alias in (body.name, *body.aliases)] + [
            (alias, True) for alias in body.shared
        ]
        for phrase, shared in pairs:
            key = tuple(word.exact if word.exact.isupper() else word.fold for word in words(phrase))
            held.setdefault(key, (phrase, []))[1].append(
                Candidate(body.name, body.country, shared, body.topics)
            )
    return [(phrase, tuple(candidates)) for phrase, candidates in held.values()]


def named(
    text: Sequence[Word], found: Sequence[Hit[tuple[Candidate, ...]]]
) -> list[Hit[tuple[Candidate, ...]]]:
    """Those phrases found that can name a body: the first word is written with a capital."""
    return [hit for hit in found if any(letter.isupper() for letter in text[hit.first].exact)]


def chosen(
    found: Sequence[Hit[tuple[Candidate, ...]]], countries: Collection[str], home: str | None
) -> dict[str, tuple[str, Hit[tuple[Candidate, ...]]]]:
    """Canonical name → (country, where), in order of appearance; shared names only for bodies of `countries`.

    Initials that several bodies share mean the one already named in full, else that of the `home` country.
    """
    best: dict[str, tuple[str, Hit[tuple[Candidate, ...]]]] = {}
    for hit in found:
        possible = [one for one in hit.payload if not one.shared or one.country in countries]
        if possible:
            meant = min(possible, key=lambda one: (one.shared, one.name not in best, one.country != home))
            best.setdefault(meant.name, (meant.country, hit))
    return best
