"""What of an announcement is weighed, when it is asked whether it carries a call or an initiative.

Pure: no clock, no network, no database. Each feature bears the words for what it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from feed.extract.cues import Cue
from feed.extract.lines import Page
from feed.extract.signals import Signal
from feed.extract.words import BREAK, Word

_CALL_LINK = re.compile(
    r"call|fund|grant|opportunit|competition|solicitation|fellowship|challenge|scheme|nofo|foa|rfa\b|proposal"
    r"|prize|apply|tender",
)
_BEGINNING = 250
_MARKS = (BREAK, ",")
_NEWS_LINK = re.compile(r"news|press|media|release|speech|blog|stories|article|event|statement|transcript")


def of_announcement(
    page: Page,
    title: Sequence[Word],
    cues: Iterable[Cue],
    signals: Iterable[Signal],
    told: Iterable[str],
    url: str,
) -> frozenset[str]:
    """The features. `title` are its words without the document type; `told` what else is known, in words."""
    found: set[str] = set(told)
    found.update(_words("title", title))
    found.update(_pairs("title", title))
    found.update(_words("begins", _beginning(page)))
    found.update(_of_link(url))
    together: dict[int, list[str]] = {}
    for cue in cues:
        name = f"{cue.kind}.{cue.name}"
        found.update((name, f"{name} in {cue.line.part}"))
        together.setdefault(cue.line.index, []).append(name)
    for names in together.values():
        found.update(f"{one} with {other}" for one, other in itertools.combinations(sorted(names), 2))
    for signal in signals:
        found.add(f"signal {signal.kind}")
        found.add(f"signal {signal.rule} in {signal.line.part}")
        found.add(f"signal {signal.kind} of {signal.noun}")
    for line in page.lines:
        found.update(f"{tag} in {line.part}" for hit in line.tags for tag in hit.payload)
        if line.money:
            found.add(f"money in {line.part}")
        if line.part in ("title", "lead") and len(line.states) > 1:
            found.add(f"states in {line.part}")
    return frozenset(found)


def _beginning(page: Page) -> Sequence[Word]:
    """The first words of the text."""
    first = page.lines[0].last if page.lines and page.lines[0].part == "title" else 0
    return page.words[first : first + _BEGINNING]


def _words(where: str, found: Sequence[Word]) -> set[str]:
    """Each word; numbers are all one."""
    return {f"{where} {fold}" for fold in set(map(_folded, found)).difference(_MARKS)}


def _pairs(where: str, found: Sequence[Word]) -> Iterator[str]:
    """Each two words that follow one another."""
    for one, other in itertools.pairwise(map(_folded, found)):
        if one not in _MARKS and other not in _MARKS:
            yield f"{where} {one} {other}"


def _folded(word: Word) -> str:
    return "#" if word.fold[0].isdigit() else word.fold


@lru_cache(maxsize=1_000)
def _of_link(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    path = f"{parts.path} {parts.query}".casefold()
    found = [f"link {word}" for word in dict.fromkeys(re.findall(r"[a-z]{3,20}", parts.path.casefold())[:8])]
    if _CALL_LINK.search(path):
        found.append("link of a call")
    if _NEWS_LINK.search(path):
        found.append("link of news")
    return tuple(found)
