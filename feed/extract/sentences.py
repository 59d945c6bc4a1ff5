"""Sentences of an announcement, and what part of it each belongs to: title, lead, body, quotation or notes.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What is read of one announcement; what comes later on a page is boilerplate.
LIMIT = 100_000
_LEAD_SENTENCES = 5
_LEAD_LENGTH = 1_500
_SENTENCE = 1_200
# The items of a list are shorter than this and do not use up the lead.
_LISTED = 40

_END = re.compile(r"[.!?][\"'”’)\]]{0,3}\s+(?=[\"'“‘(\[]?[A-Z0-9£€$₹])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|Smt|Shri|Hon|No|Nos|Rs|vs|Sr|Jr|Lt|Gen|Col|Gov|Sen|Rep|approx|Fig"
    r"|e\.g|i\.e|etc|Inc|Ltd|Co|Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec)|\b[A-Z])$"
)
_NOTES = re.compile(
    r"^\W*(?:notes? (?:to|for) (?:the )?editors?|further information|additional information"
    r"|about (?:the )?[A-Z][\w& ]{1,60}"
    r"|media (?:enquiries|contacts?)|contact(?: details)?|ends|background|related (?:links|content))\W*$",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:said|says|added|commented|commenting|remarked|stated|adds|told|noted)\b[^.\n]{0,80}:\s*$",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|I’m|I've|I’ve|my)\b")


@dataclass(frozen=True, slots=True)
class Sentence:
    """[start, end) in the document; `part` is 'title', 'lead', 'body', 'quote' or 'notes'."""

    start: int
    end: int
    block: int
    part: str


def document(title: str, text: str) -> str:
    """The one string that all rules read and quote from."""
    return f"{title[:2_000]}\n{text[:LIMIT]}"


def _split(line: str) -> Iterator[tuple[int, int]]:
    """The sentences of a line; what is far too long for one is cut, so that the rules stay quick."""
    for begin, end in _split_at_stops(line):
        start = begin
        while end - start > _SENTENCE:
            cut = line.rfind(" ", start + 1, start + _SENTENCE)
            cut = cut if cut > start else start + _SENTENCE
            yield start, cut
            start = cut
        yield start, end


def _split_at_stops(line: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(line):
        if line[match.start()] == "." and _ABBREVIATED.search(
            line[max(0, match.start() - 8) : match.start()]
        ):
            continue
        yield start, match.start() + len(match[0].rstrip())
        start = match.end()
    if line[start:].strip():
        yield start, len(line)


def sentences(doc: str, title_length: int) -> list[Sentence]:
    """The sentences of a document whose first `title_length` characters are its title."""
    found = [Sentence(0, title_length, 0, "title")] if doc[:title_length].strip() else []
    position, led, quoting, in_notes = title_length + 1, 0, "", False
    for number, line in enumerate(doc[title_length + 1 :].split("\n"), start=1):
        if _NOTES.match(line):
            in_notes = True
        spoken = quoting == "next" or bool(_FIRST_PERSON.search(line))
        quoting = "open" if quoting == "open" else ""
        for start, end in _split(line):
            opened = quoting == "open" or line[start : start + 1] in ("“", '"')
            quoting = _after(line[start:end], quoting)
            if in_notes:
                part = "notes"
            elif spoken or opened:
                part = "quote"
            elif led < _LEAD_SENTENCES and position + start - title_length < _LEAD_LENGTH:
                part, led = "lead", led + (end - start >= _LISTED)
            else:
                part = "body"
            found.append(Sentence(position + start, position + end, number, part))
        if quoting != "open" and line.strip():
            quoting = "next" if _SAID.search(line[-200:]) else ""
        position += len(line) + 1
    return found


def _after(sentence: str, quoting: str) -> str:
    """Whether a curly quotation is still open after the sentence."""
    last_open, last_close = sentence.rfind("“"), sentence.rfind("”")
    if last_open > last_close:
        return "open"
    return "" if last_close >= 0 else quoting
