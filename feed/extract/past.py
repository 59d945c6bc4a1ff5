"""Whether a sentence tells of something new, or of what was done long ago, wished for, or there anyway.

Pure: no clock, no network, no database; 'long ago' is counted from the day of publication.
"""

from __future__ import annotations

import re

from feed.extract.lines import Line, Page, Tags
from feed.extract.words import Hit

_DATED = re.compile(
    r"\b(?:in|on|during|by|of|back in)\s+(?:early |late |mid-?|the (?:spring|summer|autumn"
    r"|winter) of )?(?:\d{1,2}\s?(?:st|nd|rd|th)?\s+)?(?:(?P<month>[A-Z][a-z]+),?\s+)?"
    r"(?P<year>20\d\d|19\d\d)\b"
    r"|\b(?:last (?:year|month|autumn|summer|spring|winter)|(?:a|two|three|four|five|\d+) (?:years?"
    r"|months?|decades?) ago|earlier this (?:year|month)|previously)\b"
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
# The same at the head of a sentence: 'Last year, the minister launched …'.
_OPENING = re.compile(
    r"(?:To date|So far|Last (?:year|month|autumn|summer|spring|winter|week)|Earlier this (?:year|month)"
    r"|Previously|(?:In|On) (?:(?:early|late|mid) )?(?:\d{1,2}(?:st|nd|rd|th)? )?"
    r"(?:(?P<month>[A-Z][a-z]+),? )?(?:\d{1,2}(?:st|nd|rd|th)?,? )?(?P<year>20\d\d|19\d\d)"
    r"|Since \w+|Already)\b"
)


def is_hypothetical(line: Line) -> bool:
    """Whether the sentence only wishes, discusses or recalls: 'they discussed signing an agreement'."""
    verbs = line.having("launch", "join", "partner")
    before = verbs[0].first if verbs else line.last
    return any(hit.first < before for hit in line.having("hypothetical"))


def is_past(page: Page, hit: Hit[Tags], line: Line) -> bool:
    """Whether the verb tells of something done long before: 'launched in 2019', 'since it was signed'."""
    if is_today(page, line, hit):
        return False
    before = [other for other in line.having("retro_before") if 0 < hit.first - other.last <= 3]
    if before:
        return True
    start, end = line.sentence.start, line.sentence.end
    after = _DATED.search(page.doc, hit.end, min(end, hit.end + 60))
    opening = _OPENING.match(page.doc, start, min(end, hit.start))
    return any(dated is not None and _is_earlier(page, dated) for dated in (after, opening))


def _is_earlier(page: Page, dated: re.Match[str]) -> bool:
    """Whether a stated time is long before the announcement: another year, or two months back."""
    told = dated.groupdict()
    if told["year"] is None or page.year is None:
        return True
    month = _MONTHS.find((told.get("month") or "")[:3].casefold())
    published = (page.published or "")[5:7]
    if int(told["year"]) == page.year and month >= 0 and told.get("month") and published.isdigit():
        return int(published) - (month // 3 + 1) >= 2
    return int(told["year"]) < page.year


def is_dated_back(page: Page, noun: Hit[Tags], line: Line) -> bool:
    """Whether an earlier year stands right behind what was launched: 'launched the programme in 2019'."""
    dated = _DATED.search(page.doc, noun.end, min(line.sentence.end, noun.end + 60))
    return dated is not None and _is_earlier(page, dated)


def is_today(page: Page, line: Line, verb: Hit[Tags]) -> bool:
    """Whether 'today' follows the verb."""
    after = (hit for hit in line.having("new") if 0 < hit.first - verb.last <= 2)
    return any(page.doc[hit.start : hit.end].casefold() == "today" for hit in after)


def is_standing(page: Page, line: Line, verb: Hit[Tags]) -> bool:
    """Whether the verb only tells of what is there by now: 'nine centres have been established'."""
    perfect = (
        hit
        for hit in line.having("auxiliary")
        if 0 < verb.first - hit.last <= 2 and page.doc[hit.start : hit.end].casefold().endswith("been")
    )
    return any(True for _ in perfect) and not line.having("new")
