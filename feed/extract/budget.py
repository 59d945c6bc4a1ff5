"""The money of one subject: the sums in its stretches that are its own.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feed.extract import roles, weigh
from feed.extract.cues import Cue
from feed.extract.drafts import QUOTE, Draft
from feed.extract.lines import Line, Page
from feed.extract.money import Amount
from storage.events import Money

_MOST = 12
_NEAR = 60
# Between a sum and the programme that it is the budget of, and the other way round.
_NAMES = re.compile(r"(?:\s(?!from\b|through\b|via\b|under\b|for\b|in\b)[\w-]+){0,3}\s", re.IGNORECASE)
_BUDGET = re.compile(
    r"(?:programme|program|which|with|worth|has|of|is|backed|by|budget|an?|total|totalling|over|around|about"
    r"|more|than|some|nearly|almost|[\s,(])*",
    re.IGNORECASE,
)


_YEAR = re.compile(r"[^.;\n]{0,60}?\b(?:in|since) (20\d\d)\b")


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum that may be the subject's, and what is weighed of it."""

    fact: Money
    features: frozenset[str]


def budget(found: Sequence[Sum]) -> tuple[Money, ...]:
    """The subject's money, at most a dozen of the sums."""
    own = [one.fact for one in found if weigh.score("money", one.features) > 0]
    return tuple(own[:_MOST])


def sums(page: Page, draft: Draft, drafts: Sequence[Draft], cues: Sequence[Cue]) -> list[Sum]:
    """The sums of an announcement that may be this subject's own, each once, with what is weighed of it."""
    found: dict[tuple[str, str], tuple[Money, set[str]]] = {}
    amounts = [(line, amount) for line in page.lines for amount in line.money]
    noticed: dict[int, set[str]] = {}
    for cue in cues:
        noticed.setdefault(cue.line.index, set()).add(f"{cue.kind}.{cue.name}")
    passing: set[tuple[str, str]] = set()
    own = [one for _, one in amounts if _is_in(one, draft)]
    largest = max((one.value for one in own), default=None)
    for line, amount in amounts:
        low = _from_label(page, line, amount.start)
        part = roles.role(page.doc, amount, low, line.sentence.end)
        if (
            not part
            or _is_programmes(page, line, amount, draft)
            or _is_of_old(page, amount.end, line.sentence.end)
        ):
            passing.add((amount.text, amount.currency))
            continue
        where = _where(amount, draft, drafts)
        if where == "another part's":
            continue
        told = {
            f"in {line.part}",
            f"role {part}",
            f"role {part} of {draft.kind}",
            f"of {draft.kind}",
            f"{where} of {draft.kind}",
            f"sums {min(len({one.text for one in own}), 5)}",
            *(f"{name} of {draft.kind}" for name in noticed.get(line.index, ())),
            *_around(page, amount, low, line.sentence.end),
        }
        told |= {
            name
            for name, so in {
                "labelled": low < line.sentence.start
                or _LABEL.match(page.doc, line.sentence.start, amount.start),
                "announced": draft.signal is not None and line.index == draft.signal.line.index,
                "largest": amount.value == largest,
                "only one": len(own) == 1,
                "a year in it": _has_past(page, line),
                "a part": not draft.is_main,
                "one of several": len(drafts) > 1,
                "decided": bool(line.having("decided")),
                "before the year": bool(line.having("retro_before")),
                "small": amount.value < _SMALL,
                f"follows {_follows(line, draft, drafts)}": len(drafts) > 1,
            }.items()
            if so
        }
        fact = Money(amount.text, amount.currency, part, amount.quote[:QUOTE])
        key = (fact.amount, fact.currency)
        if key not in found:
            found[key] = (fact, told)
            continue
        known, before = found[key]
        before |= told | {"again"}
        if known.role == "other" and part != "other":
            found[key] = (fact, before)
    return [
        Sum(fact, frozenset(told | ({"elsewhere another's"} if key in passing else set())))
        for key, (fact, told) in found.items()
    ]


_SMALL = 1_000


def _is_in(amount: Amount, draft: Draft) -> bool:
    return any(low <= amount.start < high for low, high in draft.stretches)


def _where(amount: Amount, draft: Draft, drafts: Sequence[Draft]) -> str:
    """In whose stretches a sum stands."""
    others = [other for other in drafts if other is not draft and _is_in(amount, other)]
    if _is_in(amount, draft):
        return "own and another's" if others else "own"
    if not draft.is_main and any(not other.is_main and other.kind == draft.kind for other in others):
        return "another part's"
    return "another's" if others else "nobody's"


def _follows(line: Line, draft: Draft, drafts: Sequence[Draft]) -> str:
    """Which subject the sentences before it, and its own, have announced last."""
    before = [one for one in drafts if one.signal is not None and one.signal.line.index <= line.index]
    last = max(before, key=lambda one: one.signal.line.index if one.signal else -1, default=None)
    return "none" if last is None else "own" if last is draft else f"another {last.kind}"


_LABEL = re.compile(r"[\w /()&'’.-]{2,60}:\s*[^:\n]{0,40}$")
_PAST_YEAR = re.compile(r"\b(?:in|since|from|of) (?:\w+ )?(20\d\d)\b")
_WORD = re.compile(r"[\w%]+")


def _has_past(page: Page, line: Line) -> bool:
    """Whether the sentence names a year before that of the publication."""
    years = (int(match[1]) for match in _PAST_YEAR.finditer(page.doc, *line.span))
    return page.year is not None and any(year < page.year for year in years)


def _around(page: Page, amount: Amount, low: int, high: int) -> Iterator[str]:
    """The words nearest to a sum."""
    before = _WORD.findall(page.doc[max(low, amount.start - 60) : amount.start].casefold())[-4:]
    after = _WORD.findall(page.doc[amount.end : min(high, amount.end + 50)].casefold())[:4]
    for distance, word in enumerate(reversed(before)):
        yield f"before: {word}"
        if distance == 0:
            yield f"right before: {word}"
    for distance, word in enumerate(after):
        yield f"after: {word}"
        if distance == 0:
            yield f"right after: {word}"


def _from_label(page: Page, line: Line, start: int) -> int:
    """Where the words about a value begin: at the line before, when the value has its line to itself."""
    low = line.sentence.start
    if line.index == 0 or len(page.doc[low:start].strip()) > 3:
        return low
    before = page.lines[line.index - 1].sentence
    return before.start if before.end - before.start < 60 and before.part != "title" else low


def _is_programmes(page: Page, line: Line, amount: Amount, draft: Draft) -> bool:
    """Whether a sum is the budget of a standing programme: 'the €95.5 billion Horizon Europe'."""
    for name in line.having("standing"):
        if draft.signal and draft.signal.first <= name.last and name.first <= draft.signal.last:
            continue
        if not 0 <= name.start - amount.end <= _NEAR and not 0 <= amount.start - name.end <= _NEAR:
            continue
        if amount.end <= name.start:
            if _NAMES.fullmatch(page.doc, amount.end, name.start):
                return True
        elif _BUDGET.fullmatch(page.doc, name.end, amount.start):
            return True
    return False


def _is_of_old(page: Page, start: int, end: int) -> bool:
    """Whether an earlier year stands behind a sum: '£400m … in 2020'."""
    told = _YEAR.match(page.doc, start, min(end, start + 70))
    return told is not None and page.year is not None and int(told[1]) < page.year
