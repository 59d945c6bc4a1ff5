"""The money of one subject: the sums in its stretches that are its own.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from feed.extract import roles
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


def budget(page: Page, draft: Draft) -> tuple[Money, ...]:
    """The subject's money, at most a dozen sums. One that elsewhere is something larger's is left out."""
    found: dict[tuple[str, str], Money] = {}
    passing: set[tuple[str, str]] = set()
    for line in page.lines:
        if line.part in ("quote", "notes"):
            continue
        for amount in line.money:
            if not any(low <= amount.start < high for low, high in draft.stretches):
                continue
            if _is_programmes(page, line, amount, draft) or _is_of_old(page, amount.end, line.sentence.end):
                continue
            low = _from_label(page, line, amount.start)
            if roles.is_passing(page.doc, amount, low):
                passing.add((amount.text, amount.currency))
            part = roles.role(page.doc, amount, low, line.sentence.end)
            if part and (part != "other" or _announces(line, draft)):
                fact = Money(amount.text, amount.currency, part, amount.quote[:QUOTE])
                known = found.get((fact.amount, fact.currency))
                if known is None or (known.role == "other" and part != "other"):
                    found[fact.amount, fact.currency] = fact
    return tuple(fact for key, fact in found.items() if key not in passing)[:_MOST]


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


def _announces(line: Line, draft: Draft) -> bool:
    """Whether the line is the title, or the one that announces the subject."""
    return line.part == "title" or draft.signal is None or line.index == draft.signal.line.index
