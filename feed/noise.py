"""What changes by itself in a text, and says nothing: clocks, counters, tracking parameters, looks.

Pure: no clock, no network, no database. May not take away what could be a deadline, a sum or another fact: in
doubt a change is a change. So a date goes only with words that say that it is about the page, a number only
where it stands alone as a counter.
"""

from __future__ import annotations

import re

from feed.links import without_tracking
from storage.plain import comparable

# All of this is looked for in small letters.
_CLOCK = (
    r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[ap](?:m\b|\.m\.?))?(?: \(?(?:gmt|utc|[a-z]{1,3}t)\b\)?)?"
    r"|\d{1,2} ?[ap](?:m\b|\.m\.?)"
)
_DATE = (
    r"(?:[^\W\d]{3,10}day,? )?(?:"
    r"\d{4}-\d{2}-\d{2}(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:z\b|[+-]\d{2}:?\d{2})?)?"
    r"|\d{4}[年/.] ?\d{1,2}[月/.] ?\d{1,2}日?"
    r"|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th)?\.? (?:de )?[^\W\d]{3,10}\.?,? (?:de )?\d{4}"
    r"|[^\W\d]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)
_AGO = (
    r"(?:(?:about|over|almost|less than|more than) )?(?:\d{1,3}|an?|one|a few)"
    r" (?:sec(?:ond)?|min(?:ute)?|h(?:ou)?r|day|week|month|year)s? ago\b|just now\b|moments ago\b"
)
_TIMED = rf"(?:{_AGO}|(?:{_DATE})(?:,? (?:at )?|, ?| - )(?:{_CLOCK})|(?:{_CLOCK})(?:,? (?:on )?(?:{_DATE}))?)"
"""A moment that a clock tells."""
_NO_TERM = "".join(
    rf"(?<!{re.escape(term + tie)})"
    for term in ("deadline", "closing date", "opening date", "due date", "closing", "closes", "due")
    for tie in (" ", " was ", " is ", ": ", " - ", " (", ", ")
)
"""Not behind a term: 'Deadline last changed: 5 May 2027' is one."""
_WHEN = rf"(?:{_TIMED}|{_DATE}|today\b|yesterday\b)"
_CHANGED = r"(?:up-?dated?|modified|reviewed|refreshed|edited|revised|changed|generated|built)"
_REST = r"\d{1,3} (?:day|hour|minute)s?(?:,? (?:and )?\d{1,2} (?:hour|minute|second)s?){0,3}"
"""What a clock that runs down shows."""
_TELLS = r"(?: (?:date|time|on|at|the|le|am))*:?(?: (?:on|at))? ?"
_START = r"(?:^|(?<=[.!?|•·(\[]) ?|(?<= - ))"
_END = r"(?=$| ?[.!?|•·)\]]| - )"
_NUMBER = r"\d[\d,. ]{0,14}[km]?"
_SEEN = (
    r"(?:page ?views?|views?|hits|visits|visitors?|readers?|reads|downloads|likes|shares|comments?|replies"
    r"|followers)"
)

_NOISE = tuple(
    (signs, re.compile(noise))
    for signs, noise in (
        # When the page was touched last.
        (
            ("page", "site", "content", "article"),
            rf"\b(?:this |the )?(?:page|site|website|web page|content|article)"
            rf"(?: (?:was|is|has been))?(?: last)? {_CHANGED}{_TELLS}{_WHEN}",
        ),
        (("last ",), rf"\b(?=last ){_NO_TERM}last {_CHANGED}{_TELLS}{_WHEN}"),
        (
            ("mise à jour", "zuletzt", "última", "ultimo"),
            rf"\b(?:dernière mise à jour|zuletzt (?:aktualisiert|geändert)|última actualización"
            rf"|última atualização|ultimo aggiornamento){_TELLS}{_WHEN}",
        ),
        (("更新",), rf"(?:最終)?更新(?:日時?)? ?[:：] ?{_WHEN}"),
        (
            ("ed ", "ed:"),
            rf"{_START}(?:up-?dated|modified|refreshed|generated|published|posted|printed|retrieved|cached)"
            rf"{_TELLS}(?:{_TIMED}|yesterday\b)",
        ),
        (("correct as", "accurate as"), rf"\b(?:correct|accurate) as (?:of|at) {_WHEN}"),
        (
            ("as of ", "as at "),
            rf"{_START}as (?:of|at) (?:{_TIMED})"
            r"(?![^.!?]{0,200}\b(?:deadline|clos|open|appl|submi|extend|due))",
        ),
        # What time it is, and how long ago something was.
        (
            ("today", "current ", "local ", "server "),
            rf"\b(?:today is|today's date(?: is)?|(?:current|local|server) (?:date|time)):? {_WHEN}",
        ),
        ((" ago", "just now"), rf"\b(?:{_AGO})"),
        (
            (" left", " remaining", "closes in", "closing in", "ends in"),
            rf"\b(?:days|hours|minutes|time) (?:left|remaining) ?[:：] ?(?:{_REST}|\d{{1,3}}\b)"
            rf"|{_START}(?:(?:(?:this|the) )?(?:call|competition|opportunity) )?(?:clos(?:es|ing)|ends)"
            rf" in:? {_REST}{_END}",
        ),
        (
            (" left", " to go", " remaining"),
            rf"\b{_REST} (?:left|to go|remaining)\b",
        ),
        (
            ("generated in", "rendered in", "loaded in"),
            r"\b(?:page )?(?:generated|rendered|loaded) in \d{1,6}(?:\.\d{1,6})? ?(?:ms|s|sec|seconds?)\b",
        ),
        (("©", "(c)", "copyright"), r"(?:©|\(c\)|\bcopyright)(?: ?(?:©|\(c\)))? ?\d{4}(?: ?- ?\d{4})?"),
        # How often it was seen.
        (
            ("view", "hit", "visit", "download", "reader"),
            rf"\b(?:number of )?(?:page ?view|view|hit|visit|visitor|download|reader)s?"
            rf"(?: (?:count(?:er)?|number|no\.))? ?[:：] ?{_NUMBER}",
        ),
        (("you are",), rf"\byou are (?:the )?visitor (?:number|no\.|#) ?{_NUMBER}(?:st|nd|rd|th)?"),
        (("jsessionid",), r";jsessionid=[\w.!~-]{1,200}"),
        ((" time",), rf"\b(?:viewed|read|visited|downloaded|shared|liked) {_NUMBER} times?\b"),
        (
            ("view", "hits", "visit", "read", "load", "like", "share", "comment", "repl", "follow"),
            rf"{_START}(?:{_NUMBER} {_SEEN}|{_SEEN} ?[:：(]? ?{_NUMBER}\)?){_END}",
        ),
        (("views",), rf"\b{_NUMBER} (?:page ?views|views)\s*$"),
    )
)
"""Words, one of which is in a line that has such noise, and the noise."""
_ADDRESS = re.compile(
    r"https?://[^\s<>\"'?]{1,2000}\?[^\s<>\"']{0,2000}[^\s<>\"'.,;:!?)\]]",
    re.IGNORECASE,
)


_MARKS = ".,;:|•·()[]-"
"""What is left between noise and says nothing where it stands alone."""


def essence(text: str) -> str:
    """What the text says, in the form in which texts are compared: two are the same where this is."""
    return " ".join(filter(None, map(_of_line, text.splitlines())))


def same(one: str, other: str) -> bool:
    """Whether the two texts differ in nothing but noise."""
    return one == other or essence(one) == essence(other)


def _of_line(line: str) -> str:
    line = comparable(line)
    if "?" in line and "://" in line:
        line = _ADDRESS.sub(lambda found: without_tracking(found[0]), line)
    small = _small(line)
    for signs, noise in _NOISE:
        if any(sign in small for sign in signs):
            for found in reversed([*noise.finditer(small)]):
                line, small = (text[: found.start()] + text[found.end() :] for text in (line, small))
    return " ".join(word for word in line.split() if word.strip(_MARKS))


def _small(line: str) -> str:
    """The line in small letters, each in its place: a few letters are longer when they are small."""
    small = line.lower()
    if len(small) == len(line):
        return small
    return "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in line)
