"""What of an announcement is weighed, when it is asked whether it carries a call or an initiative.

Pure: no clock, no network, no database. Each feature bears the words for what it is.
"""

from __future__ import annotations

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
    found.update(_of_title(title))
    found.update(_of_link(url))
    for cue in cues:
        found.add(f"{cue.kind}.{cue.name}")
        found.add(f"{cue.kind}.{cue.name} in {cue.line.part}")
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


def _of_title(title: Sequence[Word]) -> Iterator[str]:
    folds = ["#" if word.fold[0].isdigit() else word.fold for word in title]
    for index, fold in enumerate(folds):
        if fold in (BREAK, ","):
            continue
        yield f"title {fold}"
        after = folds[index + 1] if index + 1 < len(folds) else BREAK
        if after not in (BREAK, ","):
            yield f"title {fold} {after}"


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
