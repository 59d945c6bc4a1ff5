"""When a call opens and closes. Where the text contradicts itself or leaves it open, nothing is said.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from feed.extract.calendar import Day, days, relative

_CLOSES = re.compile(
    r"clos(?:ing|es?|ed)\b(?: date)?|dead-?line|last date|submission date|due(?: date)?\b"
    r"|no later than|not later than|target date|cut-?off|end date|until\b|up to and including"
    r"|extended (?:to|until|till|up ?to)\b"
    r"|(?:submit|submitted|submission|submissions|apply|applications?|applied|proposals?|bids?"
    r"|entries|received|returned|sent|in)\b[^.;\n]{0,70}\b(?:by|before)\b|ends? on",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"open(?:s|ed|ing)?\b(?: date)?|applications? (?:will be )?(?:accepted|invited) from"
    r"|available from|start date for (?:applications|submission)|launch(?:es|ed|ing)?(?: date| on)"
    r"|apply from|applications from|from\b",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"expressions? of interest|\bEoI\b|\bEOIs?\b|letters? of intent|\bLOI\b|notif(?:y"
    r"|ication)s? of intent|intention to (?:submit|apply)|intent to (?:submit|apply)|outline"
    r"|pre-?(?:proposal|application)|preliminary proposal|concept (?:note|paper|outline)|abstract"
    r"|(?:stage|phase) (?:1|one)\b|first stage|registration|register\b|pre-?registration|white paper",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"full[- ](?:stage|proposal|application)s?|final|second stage|(?:stage|phase) (?:2|two)\b"
    r"|extended|new deadline",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"original|responses? to|requests? for information|\bRFI\b|comments"
    r"|webinar|briefing|information (?:session|event|day)|info day|questions?|clarification|quer(?:y"
    r"|ies)|results?|decisions?|notified|interviews?|panel|projects? (?:must |should |will |can "
    r"|to )?(?:start|begin|end|commence|run)"
    r"|funding (?:must|should|will|is to)? ?(?:start|begin|end|available from)|awards? (?:start|will)"
    r"|published|publication|posted|updated|last (?:modified|updated)|event|workshop"
    r"|start date\b(?! for)|spend|previous|past|was launched|signed|born|posted on|resubmi|office"
    r"|registered before|incorporated|letters? of support|closed (?:on|in)",
    re.IGNORECASE,
)


# 'Abstracts are due 1 May and full proposals 30 June': the second date means what the first one does.
_SAME_AGAIN = re.compile(r"[,;]?\s(?:and|with)\s(?:the\s)?[a-z \-]{4,40}(?:\s(?:on|by))?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """When a call opens or closes: ISO 8601, and the words that say so."""

    value: str
    rule: str
    quote: str


@dataclass(frozen=True, slots=True)
class _Dated:
    day: Day
    role: str
    rank: int
    start: int


def terms(
    doc: str, stretches: Sequence[tuple[int, int]], published: str | None, country: str | None
) -> tuple[Term | None, Term | None]:
    """When the call that the stretches of the document speak of opens, and when it closes."""
    found: list[_Dated] = []
    for low, high in stretches:
        found += _dated(doc, low, high, published, month_first=country == "US")
    opens, closes = _one(doc, found, "opens", country), _one(doc, found, "closes", country)
    if closes is None and not any(dated.role == "closes" for dated in found):
        closes = _relative(doc, stretches, published)
    if opens and closes and closes.value[:10] < opens.value[:10]:
        return None, None
    return opens, closes


def _relative(doc: str, stretches: Sequence[tuple[int, int]], published: str | None) -> Term | None:
    for low, high in stretches:
        read = relative(doc, low, high, published)
        if read is not None:
            value, start, end = read
            return Term(value, "closes.relative", doc[start:end][:200])
    return None


def _dated(doc: str, low: int, high: int, published: str | None, *, month_first: bool) -> list[_Dated]:
    found: list[_Dated] = []
    previous_end, previous_role = low, ""
    for day in days(doc, low, high, published, month_first=month_first):
        role, rank, start = _meaning(doc, low, day, previous_end, previous_role)
        if role:
            found.append(_Dated(day, role, rank, start))
        previous_end, previous_role = day.end, role
    return found


def _meaning(doc: str, low: int, day: Day, previous_end: int, previous_role: str) -> tuple[str, int, int]:
    """What a date means: its role ('' if none of ours), its rank (the highest wins), where it begins."""
    window_start = max(low, day.start - 160, previous_end)
    window = _clause(doc[window_start : day.start])
    offset = day.start - len(window)
    joint = doc[previous_end : day.start].strip(" ,").casefold()
    if previous_role == "opens" and joint in ("to", "until", "till", "-", "–", "—", "through"):
        return "closes", 1, previous_end
    cues = [("closes", match) for match in _CLOSES.finditer(window)] + [
        ("opens", match) for match in _OPENS.finditer(window)
    ]
    cues = [
        (role, match)
        for role, match in cues
        if not (match[0].casefold() == "from" and len(window) - match.end() > 25)
    ]
    if not cues and previous_role and _SAME_AGAIN.fullmatch(doc[previous_end : day.start]):
        return previous_role, 3 if _FINAL.search(window) else 0 if _EARLY.search(window) else 2, previous_end
    if not cues:
        after = re.match(
            r"[^.;\n]{0,30}?\b(?:deadline|closing date)\b", doc[day.end : day.end + 45], re.IGNORECASE
        )
        return ("closes", 1, day.start) if after else ("", 0, day.start)
    role, cue = max(cues, key=lambda pair: (pair[1].end(), pair[0] == "closes"))
    if _OTHER.search(window[max(0, cue.start() - 60) :]) or (
        role == "opens" and cue[0].casefold() == "from" and previous_role
    ):
        return "", 0, day.start
    near = window[max(0, cue.start() - 70) :]
    rank = 3 if _FINAL.search(near) else 0 if _EARLY.search(near) else 2
    return role, rank, offset + cue.start()


def _clause(window: str) -> str:
    """What belongs to a date of the words before it: its sentence, and the label on the line before."""
    lines = window.split("\n")
    tail = lines[-1]
    if len(tail.strip()) < 12 and len(lines) > 1:
        filled = [line for line in lines[:-1] if line.strip()]
        if filled:
            tail = window[window.rfind(filled[-1]) :]
    cut = max(tail.rfind(". "), tail.rfind("; "))
    cut = -1 if tail[max(0, cut - 3) : cut + 1].casefold() in ("a.m.", "p.m.", " am.", " pm.") else cut
    return tail[cut + 1 :]


def _one(doc: str, found: Sequence[_Dated], role: str, country: str | None) -> Term | None:
    """The one date of the highest rank; None when several days of that rank contradict each other."""
    own = [dated for dated in found if dated.role == role]
    if not own:
        return None
    top = max(dated.rank for dated in own)
    best = [dated for dated in own if dated.rank == top]
    if len({dated.day.day for dated in best}) > 1:
        return None
    clear = next((dated for dated in best if dated.day.clock), best[0])
    end = clear.day.end
    if clear.day.clock is not None:
        end = min(len(doc), end + 30)
        line_end = doc.find("\n", clear.day.end, end)
        end = line_end if line_end >= 0 else end
    return Term(clear.day.iso(country), f"{role}.date", doc[clear.start : end].strip()[:200])
