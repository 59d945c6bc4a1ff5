"""Titles: an announcement's own without its type, and one made for a subject from the words of its sentence.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from feed.extract.words import BREAK, Word

_LONGEST = 160
_LEFT, _RIGHT = 9, 12
_PREFIX = re.compile(r"^\s*([A-Za-z][A-Za-z\- ]{2,40}):\s+(?=\S)")

_STOPS_LEFT = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "its",
        "their",
        "his",
        "her",
        "our",
        "and",
        "or",
        "of",
        "for",
        "to",
        "on",
        "in",
        "at",
        "by",
        "with",
        "as",
        "from",
        "under",
        "via",
        "new",
        "also",
        "today",
        "has",
        "have",
        "had",
        "is",
        "are",
        "was",
        "were",
        "will",
        "be",
        "been",
        "launch",
        "launche",
        "launched",
        "announce",
        "announced",
        "unveil",
        "unveiled",
        "sign",
        "signed",
        "agree",
        "agreed",
        "establish",
        "established",
        "create",
        "created",
        "open",
        "opened",
        "opening",
        "publish",
        "published",
        "introduce",
        "introduced",
        "adopt",
        "adopted",
        "form",
        "formed",
        "approve",
        "approved",
        "set",
        "up",
        "first",
        "second",
        "third",
        "separate",
        "further",
        "including",
        "alongside",
        "plus",
        "pound",
        "pounds",
        "euro",
        "euros",
        "rupee",
        "rupees",
        "dollar",
        "dollars",
        "million",
        "billion",
        "crore",
        "lakh",
        "mill",
        "mn",
        "bn",
        "launching",
        "announcing",
        "signing",
        "creating",
        "establishing",
    ]
)
_STOPS_RIGHT = frozenset(
    [
        "was",
        "were",
        "is",
        "are",
        "will",
        "has",
        "have",
        "had",
        "which",
        "that",
        "who",
        "from",
        "by",
        "under",
        "as",
        "with",
        "between",
        "would",
        "can",
        "could",
        "may",
        "during",
        "today",
        "when",
        "while",
        "where",
        "after",
        "before",
        "alongside",
        "through",
        "worth",
        "opening",
        "open",
        "launched",
        "announced",
        "agreed",
        "closing",
        "also",
        "plus",
        "via",
        "including",
    ]
)
_JOINS_RIGHT = frozenset(["for", "on", "in", "into", "to", "of"])


def tidy(text: str, longest: int = _LONGEST) -> str:
    """The text on one line, cut at a word when it is too long."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    return (cut[: cut.rfind(" ")] if cut.rfind(" ") > longest // 2 else cut).rstrip(" ,;:-–") + "…"


def split_prefix(title: str, known: frozenset[str]) -> tuple[str, str]:
    """The document type that stands before the title ('' if none that is `known`), and the rest."""
    match = _PREFIX.match(title)
    if match is None or match[1].strip().casefold() not in known:
        return "", title
    return match[1].strip().casefold(), title[match.end() :]


def phrase_title(doc: str, words: Sequence[Word], first: int, last: int) -> str:
    """The noun phrase around the words [first, last], as a title."""
    begin, end = _leftmost(words, first, last), _rightmost(words, last)
    phrase = tidy(doc[words[begin].start : words[end].end]).strip(" ,;:-–'’\"“”")
    return phrase[:1].upper() + phrase[1:]


def _leftmost(words: Sequence[Word], first: int, last: int) -> int:
    begin = first
    for index in range(first - 1, max(-1, first - _LEFT), -1):
        word = words[index]
        if word.fold == "and" and _joins_initials(words, index):
            continue
        if word.fold in (BREAK, ",") or word.fold in _STOPS_LEFT or word.fold[0].isdigit():
            break
        begin = index
    return begin


def _joins_initials(words: Sequence[Word], index: int) -> bool:
    """Whether an 'and' stands between two bodies' initials: 'UKRI and DST'."""
    return (
        0 < index < len(words) - 1 and words[index - 1].exact.isupper() and words[index + 1].exact.isupper()
    )


def _rightmost(words: Sequence[Word], last: int) -> int:
    follows = words[last + 1].fold if last + 1 < len(words) else BREAK
    if follows not in _JOINS_RIGHT:
        return last
    end = last
    for index in range(last + 1, min(len(words), last + _RIGHT)):
        fold = words[index].fold
        if fold in (BREAK, ",") or fold in _STOPS_RIGHT:
            break
        end = index
    while end > last and (words[end].fold in _JOINS_RIGHT or words[end].fold in ("a", "an", "the", "and")):
        end -= 1
    return end
