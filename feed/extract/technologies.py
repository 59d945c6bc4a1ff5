"""Which technologies a stretch of text is about.

Pure: no clock, no network, no database; the taxonomy comes from storage.terms.
"""

from __future__ import annotations

import itertools
import re
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from feed.extract.words import Hit, Word, words
from storage.terms import ignored_terms, technologies

if TYPE_CHECKING:
    from feed.extract.bodies import Candidate as Body
    from feed.extract.drafts import Draft
    from feed.extract.lines import Page

# 'Secretary of State for Energy Security and Net Zero': an office, not what the text is about.
_OFFICE = re.compile(
    r"\b(?:Minister|Ministry|Ministers|Secretary|Department|Commissioner|Under[- ]Secretary|Chief"
    r"|Council|Institute|Institutes|Office|Directorate|Committee)"
    r"(?: of State)? (?:of|for|on)(?: (?:and|of|the|&|[A-Z][\w’'-]*,?)){1,12}"
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A term's meaning: its slug, whether it is weak (`listed`: but in a list), the neighbours it needs."""

    slug: str
    weak: bool = False
    listed: bool = False
    near: tuple[str, ...] = ()


def phrases() -> list[tuple[str, tuple[Topic, ...]]]:
    """The terms of the taxonomy, each with what it means; nothing for a phrase that only looks like one."""
    topics: dict[tuple[str, ...], tuple[str, list[Topic]]] = {}
    for phrase in ignored_terms():
        topics[_key(phrase)] = (phrase, [])
    for slug, technology in technologies().items():
        pairs = [(term, Topic(slug)) for term in technology.terms]
        pairs += [(term, Topic(slug, weak=True)) for term in technology.weak]
        pairs += [(term, Topic(slug, weak=True, listed=True)) for term in technology.listed]
        pairs += [
            (term, Topic(slug, near=tuple(words(n)[0].fold for n in near)))
            for term, near in technology.near.items()
        ]
        for term, topic in pairs:
            held = topics.setdefault(_key(term), (term, []))[1]
            if all(other.slug != slug for other in held):
                held.append(topic)
    return [(phrase, tuple(held)) for phrase, held in topics.values()]


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(word.fold if not word.exact.isupper() else word.exact for word in words(phrase))


@dataclass(frozen=True, slots=True)
class Mention:
    """A technology named at [start, end). `hidden`: within the name of an office or a body, which need not be
    about it here."""

    slug: str
    start: int
    end: int
    weak: bool
    hidden: bool = False
    listed: bool = False


def mentions(
    doc: str,
    text: Sequence[Word],
    terms: Sequence[Hit[tuple[Topic, ...]]],
    named: Sequence[Hit[tuple[Body, ...]]],
) -> list[Mention]:
    """All technologies named, and those that the `named` bodies are there for."""
    masked = [(hit.start, hit.end) for hit in named]
    hidden = sorted([*masked, *((match.start(), match.end()) for match in _OFFICE.finditer(doc))])
    found = [
        Mention(slug, hit.start, hit.end, False, True) for hit in named for slug in hit.payload[0].topics
    ]
    for hit in terms:
        found += [
            Mention(topic.slug, hit.start, hit.end, topic.weak, _is_hidden(hit, hidden), topic.listed)
            for topic in hit.payload
            if not _is_in_code(doc, hit) and (not topic.near or _has_neighbour(text, hit, topic.near))
        ]
    return sorted(found, key=lambda mention: mention.start)


def _is_in_code(doc: str, hit: Hit[tuple[Topic, ...]]) -> bool:
    """Whether the letters are part of a number: the 'AI' of 'RFA-AI-25-010'."""
    return (
        doc[max(0, hit.start - 1) : hit.start] == "-"
        and doc[hit.end : hit.end + 2][:1] == "-"
        and (doc[hit.end + 1 : hit.end + 2].isdigit())
    )


def _is_hidden(hit: Hit[tuple[Topic, ...]], hidden: Sequence[tuple[int, int]]) -> bool:
    index = bisect_right(hidden, (hit.start, sys.maxsize)) - 1
    return any(start <= hit.start < end for start, end in hidden[max(0, index - 3) : index + 1])


def _has_neighbour(text: Sequence[Word], hit: Hit[tuple[Topic, ...]], near: tuple[str, ...]) -> bool:
    around = text[max(0, hit.first - 12) : hit.last + 13]
    return any(word.fold in near for word in around)


_JOINT = re.compile(r"\s?(?:,|and|,\s?and|&|/)\s?")


def _listed(doc: str, found: Sequence[Mention]) -> set[Mention]:
    """Weak mentions in one list with a strong one: 'life sciences and space'."""
    listed: set[Mention] = set()
    for left, right in itertools.pairwise(found):
        if (left.weak != right.weak or left in listed) and _JOINT.fullmatch(doc[left.end : right.start]):
            listed.update((left, right))
    return listed


_BELOW = re.compile(r"[\w ,&/()-]{0,40}[.;,]?\n\s*(?:[-–•*·▪]|\(?\w{1,3}[.)])?\s*[\w ,&/()-]{0,30}")
_ROWS = 3


def _rows(doc: str, found: Sequence[Mention]) -> set[Mention]:
    """Those that stand one below the other, three or more: a list of what something is about."""
    rows: set[Mention] = set()
    chain: list[Mention] = []
    for one in found:
        if not (chain and _BELOW.fullmatch(doc, chain[-1].end, one.start)):
            chain = []
        chain.append(one)
        if len(chain) >= _ROWS:
            rows.update(chain[-_ROWS:])
    return rows


@dataclass(frozen=True, slots=True)
class Candidate:
    """A technology that is named, with its best mention and what is weighed of it.

    `certain` is one that the title of the subject names outright.
    """

    mention: Mention
    features: frozenset[str]
    certain: bool = False


def candidates(read: Page, found: Sequence[Mention], draft: Draft) -> dict[str, Candidate]:
    """The technologies named in an announcement, in the order of the taxonomy, with what tells whether the
    subject is about them."""
    listed = _listed(read.doc, [one for one in found if not one.hidden])
    rows = {(one.start, one.slug) for one in _rows(read.doc, [one for one in found if not one.hidden])}
    alone = draft.is_main and draft.stretches == ((0, len(read.doc)),)
    plain = [
        replace(one, weak=False) if one.listed and one in listed else one for one in found if not one.hidden
    ]
    names = [one for one in found if one.hidden]
    own = [one for one in plain if alone or any(low <= one.start < high for low, high in draft.stretches)]
    counts = Counter(one.slug for one in own)
    ranked = [slug for slug, _ in counts.most_common()]
    everywhere = Counter(one.slug for one in plain)
    candidates: dict[str, Candidate] = {}
    for slug in technologies():
        mentions = [one for one in own if one.slug == slug]
        here = set(mentions)
        others = [one for one in (*plain, *names) if one.slug == slug and one not in here]
        if not mentions and not others:
            continue
        parts = Counter(read.line_at(one.start).part for one in mentions)
        strong: Counter[str] = Counter(read.line_at(one.start).part for one in mentions if not one.weak)
        first = read.line_at(mentions[0].start).index if mentions else 0
        told = {
            f"slug {slug}",
            f"of {draft.kind}",
            f"all {_size(len(counts))}",
            *(f"{part} {_size(count)}" for part, count in parts.items()),
            *parts,
            *(f"strong in {part} {_size(count)}" for part, count in strong.items()),
            f"strong {_size(strong.total()) if strong else 'never'} of {min(len(counts), 5)}",
            f"first in sentence {_place(first)}" if mentions else "first elsewhere",
            *(
                f"{'in a name' if one.hidden else 'elsewhere'} in {read.line_at(one.start).part}"
                for one in others
            ),
        }
        told |= {
            name
            for name, so in {
                f"rank {min(ranked.index(slug), 2) if mentions else 5}": True,
                "only weak": all(one.weak for one in mentions),
                "only weak, listed": all(one.weak for one in mentions)
                and any(one in listed for one in mentions),
                "only weak, listed, announced": all(one.weak for one in mentions)
                and any(one in listed and _announced(read, one, draft) for one in mentions),
                "several weak": all(one.weak for one in mentions) and len(mentions) > 2,
                "listed": any(one in listed for one in mentions),
                "a row": any((one.start, one.slug) in rows for one in mentions),
                "only quoted": set(parts) <= {"quote", "notes"},
                "only below": not ({"title", "lead"} & set(parts)),
                "announced": any(_announced(read, one, draft) for one in mentions),
                "half of all": counts[slug] * 2 >= counts.total(),
                "most of all": counts[slug] * 3 >= counts.total() * 2,
                "strong in title": any(
                    not one.weak and read.line_at(one.start).part == "title" for one in mentions
                ),
                "a part": not alone,
                "a part's": not draft.is_main,
            }.items()
            if mentions and so
        }
        if {"title"} <= set(strong) and strong.total() > 2:
            told.add("in title and often")
        if not mentions:
            told |= {
                "not here",
                f"not here, {'a part' if not alone else 'alone'}",
                f"not here, elsewhere {_size(everywhere[slug]) if everywhere[slug] else 'never'}",
                f"not here, {'others are' if counts else 'none is'}",
            }
        best = min(mentions or others, key=lambda one: (one.weak, one.start))
        candidates[slug] = Candidate(best, frozenset(told), draft.is_main and strong["title"] > 0)
    return candidates


def _announced(read: Page, mention: Mention, draft: Draft) -> bool:
    """Whether the sentence that announces the subject names it."""
    return draft.signal is not None and read.line_at(mention.start).index == draft.signal.line.index


def _size(count: int) -> str:
    return "1" if count < 2 else "2-3" if count < 4 else "4+"


def _place(index: int) -> str:
    return str(index) if index < 2 else "2-5" if index < 6 else "6+"
