"""An announcement as its rules see it: sentences with their words and the tagged phrases in them.

Pure: no clock, no network, no database; kinds.toml is read once.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from feed.extract import bodies, cue_phrases, places, technologies
from feed.extract.bodies import Candidate
from feed.extract.cue_phrases import Name
from feed.extract.money import Amount, amounts
from feed.extract.places import Place
from feed.extract.sentences import Sentence, document, sentences
from feed.extract.technologies import Topic
from feed.extract.words import BREAK, Hit, Phrases, Word, words

Tags = frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence: its words are [first, last) of the page's words; `tags` are the tagged phrases in it.

    `tagged` are all their tags together, so that most questions need no look at each.
    """

    index: int
    sentence: Sentence
    first: int
    last: int
    tags: Sequence[Hit[Tags]]
    places: Sequence[Hit[Place]]
    money: Sequence[Amount]
    tagged: Tags

    @property
    def part(self) -> str:
        """Where in the announcement it stands: 'title', 'lead', 'body', 'quote' or 'notes'."""
        return self.sentence.part

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the document."""
        return self.sentence.start, self.sentence.end

    @property
    def states(self) -> frozenset[str]:
        """The states named in it, in whatever role."""
        return frozenset(code for hit in self.places for code in hit.payload.codes)

    def having(self, *names: str) -> list[Hit[Tags]]:
        """The phrases with one of the tags."""
        if self.tagged.isdisjoint(names):
            return []
        return [hit for hit in self.tags if not hit.payload.isdisjoint(names)]


@dataclass(frozen=True, slots=True)
class Page:
    """One announcement, taken apart once."""

    doc: str
    words: Sequence[Word]
    lines: Sequence[Line]
    published: str | None
    bodies: Sequence[Hit[tuple[Candidate, ...]]]
    topics: Sequence[Hit[tuple[Topic, ...]]]
    cued: Sequence[Hit[tuple[Name, ...]]]

    def is_in_body_name(self, hit: Hit[Tags]) -> bool:
        """Whether a phrase is part of the name of a public body: the 'agency' of 'UK Space Agency'."""
        return any(body.first <= hit.first <= body.last for body in self.bodies)

    def slugs(self, start: int, end: int) -> frozenset[str]:
        """The technologies that are named outright in [start, end)."""
        low = bisect_left(self.topics, start, key=lambda hit: hit.start)
        high = bisect_left(self.topics, end, key=lambda hit: hit.start)
        return frozenset(
            topic.slug
            for hit in self.topics[low:high]
            for topic in hit.payload
            if not topic.weak and not topic.near
        )

    def line_at(self, offset: int) -> Line:
        """The sentence in which a place in the document lies, or the one before it."""
        index = bisect_right(self.lines, offset, key=lambda line: line.sentence.start)
        return self.lines[max(0, index - 1)]

    @property
    def year(self) -> int | None:
        """The year it was published in."""
        year = (self.published or "")[:4]
        return int(year) if year.isascii() and year.isdigit() else None

    def stopped(self, first: int, last: int) -> bool:
        """Whether a mark that ends a clause stands between two words."""
        return any(
            word.fold == BREAK and word.exact in ".;:!?\n\r•|" for word in self.words[first + 1 : last]
        )


@cache
def data() -> dict[str, Any]:
    """The words of the rules about kinds."""
    return tomllib.loads(files("feed.extract").joinpath("kinds.toml").read_text(encoding="utf-8"))


def _tag_phrases() -> list[tuple[str, Tags]]:
    """All tagged phrases; one phrase can have several tags."""
    tags: dict[tuple[str, ...], tuple[str, set[str]]] = {}
    for name, phrases in data()["tags"].items():
        for phrase in phrases:
            key = tuple(word.fold for word in words(phrase))
            tags.setdefault(key, (phrase, set()))[1].add(name)
    for key, (_, names) in tags.items():
        # 'National Quantum Mission' is a mission, too.
        if "standing" in names and key[-1:] in tags:
            names.update(tags[key[-1:]][1])
    return [(phrase, frozenset(names)) for phrase, names in tags.values()]


@cache
def _phrases() -> Phrases[Any]:
    """All that is looked for in a text, so that one pass finds it."""
    return Phrases[Any](
        _tag_phrases(), places.phrases(), bodies.phrases(), technologies.phrases(), cue_phrases.phrases()
    )


def page(title: str, text: str, published: str | None, dollar: str) -> Page:
    """The announcement taken apart. `dollar` is the currency that a bare '$' stands for."""
    title = title.replace("\n", " ")
    doc = document(title, text)
    found = words(doc)
    tags, states, names, topics, cued = _phrases().find(found)
    where, money = places.named(found, states), amounts(doc, dollar)
    starts = [word.start for word in found]
    tag_starts, place_starts = [hit.start for hit in tags], [hit.start for hit in where]
    money_starts = [amount.start for amount in money]
    lines = []
    for index, sentence in enumerate(sentences(doc, len(title[:2_000]))):
        start, end = sentence.start, sentence.end
        tagged = tags[bisect_left(tag_starts, start) : bisect_left(tag_starts, end)]
        lines.append(
            Line(
                index,
                sentence,
                bisect_left(starts, start),
                bisect_left(starts, end),
                tagged,
                where[bisect_left(place_starts, start) : bisect_left(place_starts, end)],
                money[bisect_left(money_starts, start) : bisect_left(money_starts, end)],
                frozenset[str]().union(*(hit.payload for hit in tagged)),
            )
        )
    return Page(doc, found, lines, published, bodies.named(found, names), topics, cued)
