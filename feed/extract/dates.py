"""When a call opens and closes. Where the text contradicts itself or leaves it open, nothing is said.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from feed.extract.calendar import Day, days, published_on, relative

_CLOSES = re.compile(
    r"clos(?:ing|es?|ed)\b(?: date)?|dead-?line|(?:last|final) (?:date|day)|submission date|due(?: date)?\b"
    r"|no later than|not later than|target date|cut-?off|end date|(?:un)?till?\b|up to and including|up ?to\b"
    r"|collection date|(?:extended|moved|put back|postponed|pushed back|brought forward|revised|changed"
    r"|rescheduled) (?:to|until|till|up ?to)\b"
    r"|(?:submission|application|proposal|call|bidding) (?:period|window|dates?|phase)"
    r"|full (?:proposals?|applications?)(?=:|\s{2,}|\s?[|–-]\s)|(?:applications?|proposals?|submission):"
    r"|submission of (?:full |joint |the )*(?:proposals?|applications?)"
    r"|through (?=\d{1,2}[:.]\d\d\s?[ap])|shuts?\b|ends at\b|bids? (?:in )?by\b"
    r"|(?:submit\w*|appl(?:y|ied)|applications?|proposals?|received|open|bid|deposited|made|lodged)\b(?:[^.;\n]|\.(?=\w)){0,70}\bbetween\b"
    r"|(?:submit|submitted|submission|submissions|apply|applications?|applied|proposals?|bids?"
    r"|entries|received|returned|sent|email(?:ed)?|arrive|reach|with us|handed in|filed|made|uploaded"
    r"|lodged?|put in|mailed|completed|fill in|hand(?:ed)? in|send"
    r"|register"
    r"|delivered|deposited|come in|go in|get in|be there|be in)\b(?:[^.;\n]|\.(?=\w)){0,70}\b(?:by"
    r"|before)\b|ends? on|(?:have|has) (?:un)?till?\b",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"open(?!\s(?:call|competition|science|access|source|ran\b))(?:s|ed"
    r"|ing)?\b(?: date)?(?: \(earliest submission date\))?|earliest submission(?: date)?"
    r"|applications? (?:will be )?(?:accepted|invited) from"
    r"|available from|start date for (?:applications|submission)|launch(?:es|ed|ing)?(?: date| on)"
    r"|apply from|applications from|from\b",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"expressions? of interest|\bEoI\b|\bEOIs?\b|letters? of intent|\bLOI\b|notif(?:y"
    r"|ication)s? of intent|intention to (?:submit|apply|bid)|intent to (?:submit|apply|bid)"
    r"|notices? of intent|outline"
    r"|of their intention|intention form"
    r"|pre-?(?:proposal|application)|preliminary proposal|concept (?:note|paper|outline)|abstract"
    r"|(?:stage|phase) (?:1|one)\b|first stage|registration|register\b|pre-?registration|white paper"
    r"|solution summar(?:y|ies)|statements? of (?:interest|intent)|intention to|optional|mandatory notice",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"full[- ](?:stage|proposal|application)s?|final|second stage|(?:stage|phase) (?:2|two)\b"
    r"|extended|revised|new deadline|will now close|now closes",
    re.IGNORECASE,
)
# Before a date that no longer counts, since it was moved.
_FORMER = re.compile(
    r"(?:originally|original(?: deadline| closing date)?|earlier|previous(?:ly)?(?: set for)?"
    r"|instead of|rather than"
    r"|first (?:fixed|set|planned)(?: for)?|was to have closed|were to have closed|had been due|was due"
    r"|were due"
    r"|should have closed|from the (?:earlier|original|previous))(?: (?:on|at|of|for|by|date|deadline"
    r"|was|is|applications?))*"
    r"[\s,:(]*(?:\d{1,2}(?:[:.]\d\d)?\s?(?:[ap]\.?m\.?)\s?(?:on )?)?$",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:extended|moved|changed|postponed|put back|pushed back|brought forward|revised|shifted|deferred)"
    r"(?: \w+){0,3}? from (?:the )?(?:\w+day,? )?$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"responses? to|FAQs?\b|Q ?& ?A|not to assess|kick-?off|rejoinder|invitations?\b|selection\b"
    r"|requests? for information|\bRFI\b|comments"
    r"|referees?|references?\b|matchmaking|consorti\w+ building|webinar|briefing|information (?:session"
    r"|event|day)|info day|questions?|clarification|quer(?:y"
    r"|ies)|results?|decisions?|notified|interviews?|panel|projects? (?:must |should |will |can "
    r"|to )?(?:start|begin|end|commence|run)"
    r"|funding (?:must|should|will|is to)? ?(?:start|begin|end|available from)|awards? (?:start|will)"
    r"|published|publication|posted|updated|last (?:modified|updated)|event|workshop"
    r"|start date\b(?! for)|spend|previous|past|was launched|signed|born|posted on|resubmi"
    r"|office (?:order|memorandum)"
    r"|registered before|incorporated|letters? of support|closed (?:on|in)"
    r"|(?<!for )\breviews? (?:is |are )?due|due for review",
    re.IGNORECASE,
)


_RANGE = re.compile(
    r",?\s?(?:\([A-Z][a-z]+\.?\)\s?)?(?:to|until|till|through|-{1,2}|–|—|~|and|up to|and end on)\s?(?:the\s)?"
    r"(?:(?:\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\.?|noon|midday)\s(?:on\s)?)?",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\b(?:call|window|period|applications?|submissions?|proposals?|open)\b[^.;\n]{0,30}$", re.I
)
_BEHIND = re.compile(
    r"(?:,?\s*\d{1,2}[:.]\d\d(?:\s?[ap]m)?[^\n:–—|]{0,20})?[^\n:–—|]{0,30}?(?::| [–—|-])\s+([^\n]{3,90})"
)
_TODAY_READ = 3_000
# 'The call opened today', 'apply from today'.
_TODAY = re.compile(
    r"\b(?:open(?:s|ed)?|opening|apply|applications?|available|accept\w*|invit\w+|submitted)\b[^.;\n]{0,50}\b(?:today|with"
    r" immediate effect|from now on)\b|\b(?:today|as of today|from today)\b[^.;\n]{0,60}\b(?:open(?:s"
    r"|ed)|can (?:now )?apply"
    r"|apply|invites|is inviting|accept\w*)\b",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"[^.;\n]{0,30}?\b(?:deadline|closing date|closing|is the last (?:date|day)|last date)\b", re.IGNORECASE
)
# What stands before a date in a line of its own and tells the hour.
_HOUR = re.compile(
    r"(?:\d{1,2}(?:[:.]\d\d)?(?:\s?[ap]\.?m\.?)?|noon|midday|midnight|\([A-Z]{2,5}\)|[A-Z]{2,4}\b|on|at|by|[A-Z]?[a-z]+day"
    r"|[,\s])+",
    re.IGNORECASE,
)
# A line that is a label and nothing else.
_LABEL = re.compile(r"\s*[A-Z][^\n.;]{2,60}:\s*(?:[A-Z][a-z]+day,?\s*)?|[^\n]{3,60}:?\s*\n\s*")
_EARLIER, _PLAINLY, _LABELLED, _FINALLY = 0, 2, 3, 4
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


@lru_cache(maxsize=16)  # the kind is weighed by them, before they are a fact
def terms(
    doc: str, stretches: tuple[tuple[int, int], ...], published: str | None, country: str | None
) -> tuple[Term | None, Term | None]:
    """When the call that the stretches of the document speak of opens, and when it closes."""
    found: list[_Dated] = []
    for low, high in stretches:
        found += _dated(doc, low, high, published, month_first=country == "US")
    ranks = {
        role: max((one.rank for one in found if one.role == role), default=0) for role in ("opens", "closes")
    }
    opens, closes = _one(doc, found, "opens", country), _one(doc, found, "closes", country)
    if closes is None and not any(dated.role == "closes" for dated in found):
        closes = _relative(doc, stretches, published)
    if opens is None and not any(dated.role == "opens" for dated in found):
        opens = _today(doc, stretches, published)
    if opens and closes and closes.value[:10] < opens.value[:10]:
        # What is said more plainly stands: a label, or the final stage.
        return (
            opens if ranks["opens"] > ranks["closes"] else None,
            closes if ranks["closes"] > ranks["opens"] else None,
        )
    return opens, closes


def _today(doc: str, stretches: Sequence[tuple[int, int]], published: str | None) -> Term | None:
    """'Opened today' is the day of publication."""
    day = published_on(published)
    if day is None:
        return None
    for low, high in stretches:
        if told := _TODAY.search(doc, low, min(high, low + _TODAY_READ)):
            return Term(day.isoformat(), "opens.today", told[0].strip()[:200])
    return None


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
    named = days(doc, low, high, published, month_first=month_first)
    ends: dict[int, _Dated] = {}
    for index, day in enumerate(named):
        if index in ends:
            found.append(ends[index])
            previous_end, previous_role = day.end, "closes"
            continue
        if _FORMER.search(doc[max(low, day.start - 70) : day.start]):
            continue  # what stands before it goes on to the date that it was moved to
        after = named[index + 1] if index + 1 < len(named) else None
        moved = _MOVED.search(doc[max(low, day.start - 60) : day.start])
        if moved and after and _RANGE.fullmatch(doc[day.end : after.start]):
            ends[index + 1] = _Dated(after, "closes", _FINALLY, day.start - len(moved[0]))
            continue  # 'extended from 3 March to 17 March'
        role, rank, start = _meaning(doc, low, day, previous_end, previous_role)
        if after and after.day > day.day and _RANGE.fullmatch(doc[day.end : after.start]):
            period = _PERIOD.search(doc[max(low, day.start - 60) : day.start])
            if role or period:  # 'submission window: 3 March to 17 March'
                rank, start = (rank, start) if role else (_PLAINLY, day.start)
                role, ends[index + 1] = "opens", _Dated(after, "closes", rank, start)
        if role:
            found.append(_Dated(day, role, rank, start))
        previous_end, previous_role = day.end, role
    return found


def _meaning(doc: str, low: int, day: Day, previous_end: int, previous_role: str) -> tuple[str, int, int]:
    """What a date means: its role ('' if none of ours), its rank (the highest wins), where it begins."""
    if label := _label_behind(doc, low, day) or _label_below(doc, low, day):
        return (*_cued(doc[label[0] : label[1]]), day.start)
    window_start = max(low, day.start - 160, previous_end)
    window = _clause(doc[window_start : day.start])
    offset = day.start - len(window)
    cues = _cues(window)
    if not cues and previous_role and _SAME_AGAIN.fullmatch(doc[previous_end : day.start]):
        return previous_role, _FINALLY if _FINAL.search(window) else _rank(window), previous_end
    if not cues:
        after = _AFTERWARDS.match(doc, day.end, day.end + 60)
        return ("closes", _PLAINLY, day.start) if after else ("", 0, day.start)
    role, cue = max(cues, key=lambda pair: (pair[1].end(), pair[0] == "closes"))
    if _OTHER.search(window[max(0, cue.start() - 60) :]) or (
        role == "opens" and cue[0].casefold() == "from" and previous_role
    ):
        return "", 0, day.start
    rank = _rank(window[max(0, cue.start() - 70) :])
    if rank == _PLAINLY and _LABEL.fullmatch(window):
        rank = _LABELLED
    return role, rank, offset + cue.start()


def _cues(window: str) -> list[tuple[str, re.Match[str]]]:
    """The words before a date that make it one of ours, with its role."""
    cues = [("closes", match) for match in _CLOSES.finditer(window)]
    cues += [
        ("opens", match)
        for match in _OPENS.finditer(window)
        if not (match[0].casefold() == "from" and len(window) - match.end() > 25)
    ]
    return cues


def _cued(label: str) -> tuple[str, int]:
    """The role and the rank that a label by itself gives to a date."""
    cues = _cues(label)
    if not cues or _OTHER.search(label):
        return "", 0
    role, _ = max(cues, key=lambda pair: (pair[1].end(), pair[0] == "closes"))
    rank = _rank(label)
    return role, _LABELLED if rank == _PLAINLY else rank


def _rank(words: str) -> int:
    """How much a date counts: a final deadline before a plain one, and that before a first stage's."""
    return _FINALLY if _FINAL.search(words) else _EARLIER if _EARLY.search(words) else _PLAINLY


def _label_behind(doc: str, low: int, day: Day) -> tuple[int, int] | None:
    """Where the label stands in a list that has its dates in front: '4 March: call closes'."""
    line_start = max(low, doc.rfind("\n", 0, day.start) + 1)
    if doc[line_start : day.start].strip(" -–•*\t"):
        return None
    behind = _BEHIND.match(doc, day.end)
    return behind.span(1) if behind else None


def _label_below(doc: str, low: int, day: Day) -> tuple[int, int] | None:
    """Where the label stands in a list that has each date on a line above what it means."""
    if not _stands_alone(doc, low, day.start, day.end):
        return None
    end = doc.find("\n", day.end)
    above = doc[max(low, day.start - 200) : day.start].rstrip("\n ").split("\n")
    below = doc[end + 1 : end + 200].lstrip("\n ").split("\n")[0] if end >= 0 else ""
    if not below or re.search(r"\d{4}", below) or below.rstrip().endswith(":") or len(below) > 80:
        return None
    # Above it there is nothing, or the label of another date: 'Deadline' stands below its own one.
    another = len(above) < 2 or bool(re.search(r"\d{4}\s*$", above[-2]))
    if not another or (above[-1].strip() and above[-1].rstrip().endswith(":")):
        return None
    start = doc.find(below, end)
    return start, start + len(below)


def _stands_alone(doc: str, low: int, start: int, end: int) -> bool:
    """Whether a date has its line to itself."""
    line_start = max(low, doc.rfind("\n", 0, start) + 1)
    line_end = doc.find("\n", end)
    line_end = len(doc) if line_end < 0 else line_end
    return not doc[line_start:start].strip() and len(doc[end:line_end].strip()) < 12


def _clause(window: str) -> str:
    """What belongs to a date of the words before it: its sentence, and the label on the line before."""
    lines = window.split("\n")
    tail = lines[-1]
    if len(lines) > 1 and (len(tail.strip()) < 12 or _HOUR.fullmatch(tail)):
        filled = [line for line in lines[:-1] if line.strip()]
        if filled:
            tail = window[window.rfind(filled[-1]) :]
    cut = max(tail.rfind(". "), tail.rfind("; "))
    cut = -1 if tail[max(0, cut - 3) : cut + 1].casefold() in ("a.m.", "p.m.", " am.", " pm.") else cut
    return tail[cut + 1 :]


def _one(doc: str, found: Sequence[_Dated], role: str, country: str | None) -> Term | None:
    """The one date of the highest rank; None when several days of that rank contradict each other.

    Of the dates of several stages, each in words of its own, the last one closes the call.
    """
    own = [dated for dated in found if dated.role == role]
    if not own:
        return None
    top = max(dated.rank for dated in own)
    best = [dated for dated in own if dated.rank == top]
    last = max(dated.day.day for dated in best)
    if any(dated.day.day != last for dated in best):
        if role == "opens" or _contradict(doc, best, last):
            return None
        best = [dated for dated in best if dated.day.day == last]
    clear = next((dated for dated in best if dated.day.clock), best[0])
    end = clear.day.end
    if clear.day.clock is not None:
        end = min(len(doc), end + 30)
        line_end = doc.find("\n", clear.day.end, end)
        end = line_end if line_end >= 0 else end
    return Term(clear.day.iso(country), f"{role}.date", doc[clear.start : end].strip()[:200])


def _contradict(doc: str, found: Sequence[_Dated], last: date) -> bool:
    """Whether the same words bear the last of the dates and another one."""
    words = {
        " ".join(doc[one.start : one.day.start].casefold().split()) for one in found if one.day.day == last
    }
    others = {
        " ".join(doc[one.start : one.day.start].casefold().split()) for one in found if one.day.day != last
    }
    return not words.isdisjoint(others)
