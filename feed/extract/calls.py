"""Which sentences announce a call. The words are data, in kinds.toml; here is how they combine.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from feed.extract.lines import Line, Page, Tags
from feed.extract.signals import Signal, signal
from feed.extract.words import BREAK, Hit

_REACH = 14
_DIGIT = re.compile(r"\d")
_MONEY_WORDS = frozenset({"funding", "fund", "grant", "proposal", "bid"})
_CALL_BEFORE = frozenset(
    [
        "new",
        "joint",
        "first",
        "second",
        "third",
        "fourth",
        "final",
        "next",
        "upcoming",
        "funding",
        "research",
        "bilateral",
        "open",
        "competitive",
        "proposal",
        "the",
        "a",
        "this",
        "an",
        "its",
        "latest",
        "million",
        "billion",
        "crore",
        "lakh",
        "bn",
        "mn",
        "m",
        "k",
        "themed",
        "dedicated",
        "special",
        "annual",
        "pilot",
        "trilateral",
        "multilateral",
        "collaborative",
        "and",
    ]
)


def call(page: Page, line: Line, *, funded: bool) -> Signal | None:
    """What in the sentence opens a call, if anything does. `funded`: title or lead speak of funding."""
    if line.part in ("quote", "notes") or _is_decided(line):
        return None
    return _named(page, line) or _launched(page, line) or _apply(page, line, funded)


def labels(page: Page) -> Signal | None:
    """A page of labelled fields: 'Opening date', 'Closing date', 'Total fund'."""
    found: dict[str, tuple[Line, Hit[Tags]]] = {}
    for line in page.lines:
        for hit in line.having("label"):
            after = page.doc[hit.end : hit.end + 2].strip(" ")
            before = page.doc[max(0, hit.start - 1) : hit.start]
            if after[:1] in (":", "\n") and before in ("", "\n", " "):
                found.setdefault(page.doc[hit.start : hit.end].casefold(), (line, hit))
    if len(found) < 2 or not any("clos" in name or "dead" in name or "target" in name for name in found):
        return None
    line, hit = next(iter(found.values()))
    return signal(line, "call", "kind.labels", (hit,), hit)


def titled(page: Page) -> Signal | None:
    """A competition or a grant by its title, of which the text says when it closes."""
    nouns = [hit for line in page.lines[:1] if line.part == "title" for hit in line.having("callplain")]
    nouns = [hit for hit in nouns if page.words[hit.first].fold != "call"]
    leads = [line for line in page.lines if line.part == "lead"]
    if nouns and any(
        line.having("closing") and _DIGIT.search(page.doc, line.sentence.start, line.sentence.end)
        for line in leads
    ):
        return signal(page.lines[0], "call", "kind.call-titled", nouns[-1:], nouns[-1])
    return None


def _is_decided(line: Line) -> bool:
    """Whether the sentence tells of money already given, or of something that only looks like a call."""
    return bool(line.having("decided")) and not line.having("apply")


def _is_marked(line: Line, noun: Hit[Tags]) -> bool:
    """Whether something beside the noun says that the call is announced here."""
    near = [
        hit
        for hit in line.having("launch", "publish", "open", "closing", "new", "apply")
        if abs(hit.first - noun.first) <= _REACH
    ]
    return bool(near or line.money)


def _named(page: Page, line: Line) -> Signal | None:
    """A phrase that only calls bear, with something that announces it; in a title the phrase is enough."""
    for noun in line.having("callstrong"):
        if line.part == "title" or _is_marked(line, noun):
            marks = [hit for hit in line.having("launch", "new") if 0 < noun.first - hit.last <= 6][-1:]
            return signal(line, "call", "kind.call-named", (*marks, noun), noun)
    for noun in line.having("callplain"):
        if page.words[noun.first].fold == "call" and _is_call(page, line, noun):
            return signal(line, "call", "kind.call-named", (noun,), noun)
    return None


def _is_call(page: Page, line: Line, noun: Hit[Tags]) -> bool:
    """Whether a bare 'call' is one for applications: '£7 million call for …', 'a joint call on …'."""
    before = page.words[noun.first - 1].fold if noun.first > line.first else BREAK
    after = page.words[noun.last + 1].fold if noun.last + 1 < line.last else BREAK
    if after in ("to", "him", "her", "them", "me", "us", "you", "it"):
        return False
    paid = any(0 <= page.words[noun.first].start - amount.end <= 40 for amount in line.money)
    marked = bool(line.having("launch", "open", "fundword"))
    return paid or (
        before in _CALL_BEFORE
        and marked
        and after in ("for", "on", "in", BREAK, "will", "open", "worth", "with")
    )


def _launched(page: Page, line: Line) -> Signal | None:
    """'Launches a £10m competition', 'competition opens': a verb and a plain noun."""
    for noun in line.having("callplain"):
        if page.words[noun.first].fold == "call":
            continue
        for verb in line.having("launch", "open", "closing"):
            low, high = (verb, noun) if verb.first < noun.first else (noun, verb)
            if high.first - low.last > _REACH or page.stopped(low.last, high.first):
                continue
            if any(low.last < hit.first < high.first for hit in line.having("block", "noncall")):
                continue
            if line.money or line.having("fundword") or line.part == "title":
                return signal(line, "call", "kind.call-launched", (verb, noun), noun)
    return None


def _apply(page: Page, line: Line, funded: bool) -> Signal | None:
    """'Applications are open', 'can apply for a share of': someone may ask for the money."""
    found = line.having("apply")
    if not found or (line.having("noapply") and not line.money):
        return None
    says_so = any(word.fold in _MONEY_WORDS for hit in found for word in page.words[hit.first : hit.last + 1])
    if funded or says_so or line.money or line.having("fundword", "callplain", "callstrong"):
        return signal(line, "call", "kind.apply", found[:1], found[0])
    return None
