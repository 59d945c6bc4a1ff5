"""Which sentences announce a call. The words are data, in kinds.toml; here is how they combine.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from feed.extract.lines import Line, Page, Tags
from feed.extract.signals import Signal, signal
from feed.extract.words import BREAK, Hit

_REACH = 14
_NEAR = 7
_INVITED = 7
_DIGIT = re.compile(r"\d")
_MONEY_WORDS = frozenset({"funding", "fund", "grant", "proposal", "bid"})
_NUMBERS = frozenset({"two", "three", "four", "five", "six", "2", "3", "4", "5", "6"})
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
        "annual",
        "pilot",
        "trilateral",
        "multilateral",
        "collaborative",
        "and",
        "national",
        "international",
        "global",
        "inaugural",
        "maiden",
        "fifth",
        "sixth",
        "special",
    ]
)


def call(page: Page, line: Line, *, funded: bool) -> Signal | None:
    """What in the sentence opens a call, if anything does. `funded`: title or lead speak of funding."""
    if line.part in ("quote", "notes") or _is_decided(line):
        return None
    return (
        _named(page, line)
        or _launched(page, line)
        or _apply(page, line, funded)
        or _invited(page, line, funded)
    )


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
    reach = _NEAR if line.part == "body" else _REACH
    near = [
        hit
        for hit in line.having("launch", "publish", "open", "closing", "new", "apply")
        if abs(hit.first - noun.first) <= reach
    ]
    return bool(near or line.money)


def _named(page: Page, line: Line) -> Signal | None:
    """A phrase that only calls bear, with something that announces it; in a title the phrase is enough."""
    for noun in line.having("callstrong"):
        if _is_vague(page, line, noun):
            continue
        heads = line.part == "lead" and noun.first == line.first
        if line.part == "title" or heads or _is_marked(line, noun):
            marks = [hit for hit in line.having("launch", "new") if 0 < noun.first - hit.last <= 6][-1:]
            return signal(line, "call", "kind.call-named", (*marks, noun), noun)
    for noun in line.having("callplain"):
        if page.words[noun.first].fold == "call" and _is_call(page, line, noun):
            return signal(line, "call", "kind.call-named", (noun,), noun)
    return None


def _is_vague(page: Page, line: Line, noun: Hit[Tags]) -> bool:
    """Whether the plural only says that there is funding: 'an overview of funding opportunities'."""
    plural = page.doc[noun.start : noun.end].casefold().endswith("opportunities")
    return plural and line.part != "title" and not (line.money or line.having("open", "apply"))


def _is_call(page: Page, line: Line, noun: Hit[Tags]) -> bool:
    """Whether a bare 'call' is one for applications: '£7 million call for …', 'a joint call on …'."""
    before = page.words[noun.first - 1].fold if noun.first > line.first else BREAK
    after = page.words[noun.last + 1].fold if noun.last + 1 < line.last else BREAK
    begun = before in _CALL_BEFORE and line.having("launch", "open") and line.having("fundword")
    if after in ("to", "him", "her", "them", "me", "us", "you", "it") and not (after == "to" and begun):
        return False
    paid = any(0 <= page.words[noun.first].start - amount.end <= 40 for amount in line.money)
    if any(0 < noun.first - hit.last <= 3 for hit in line.having("launch")) and after in ("for", "on", "of"):
        return True
    if before in _NUMBERS and (line.money or line.having("launch", "open")):
        return True
    marked = bool(line.having("launch", "open", "fundword"))
    return paid or (
        before in _CALL_BEFORE
        and marked
        and after in ("for", "on", "in", "to", BREAK, "will", "open", "worth", "with")
    )


def _launched(page: Page, line: Line) -> Signal | None:
    """'Launches a £10m competition', 'competition opens': a verb and a plain noun."""
    for noun in line.having("callplain"):
        if page.words[noun.first].fold == "call":
            continue
        for verb in line.having("launch", "open", "closing", "offer"):
            low, high = (verb, noun) if verb.first < noun.first else (noun, verb)
            if low is noun and not _follows(line, verb):
                continue
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
    here = says_so or bool(line.money) or bool(line.having("fundword", "callplain", "callstrong"))
    if here or (funded and line.part != "body"):
        return signal(line, "call", "kind.apply", found[:1], found[0])
    return None


def _follows(line: Line, verb: Hit[Tags]) -> bool:
    """Whether a verb can have what it launches before it: 'competition opens', 'a prize was launched'."""
    if "launch" not in verb.payload or line.part == "title":
        return True
    return any(0 < verb.first - hit.last <= 2 for hit in line.having("auxiliary"))


def _invited(page: Page, line: Line, funded: bool) -> Signal | None:
    """'DST invites joint proposals', 'invitation for FIST proposals': someone asks for them, and can pay."""
    if line.part not in ("title", "lead") or line.having("noapply"):
        return None
    for asked in line.having("ask"):
        for verb in line.having("invite"):
            if not 0 < asked.first - verb.last <= _INVITED or page.stopped(verb.last, asked.first):
                continue
            if any(verb.last < hit.first < asked.first for hit in line.having("noncall", "hypothetical")):
                continue
            if funded or line.money or _has_funder(page, line) or line.having("callplain"):
                return signal(line, "call", "kind.invited", (verb, asked), asked)
    return None


def _has_funder(page: Page, line: Line) -> bool:
    """Whether the sentence names a public body."""
    return any(line.first <= body.first < line.last for body in page.bodies)
