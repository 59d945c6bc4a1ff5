"""Words of a text, and finding many phrases among them in one pass.

Pure: no clock, no network, no database. It knows nothing of what the phrases mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P")

# A word, a comma, or a mark that no phrase reaches across. Hyphens and slashes are passed over.
_TOKEN = re.compile(
    r"(?:[A-Z]\.){2,}(?![A-Za-z])|[^\W_]+(?:['’][^\W_]+)*|[&,]|[.;:!?()\[\]\n\r\"“”•|]|(?<=\s)[-–—](?=\s)|—"
)
BREAK = "\n"


class Word(NamedTuple):
    """`fold` is the word made comparable, `exact` the word with its case, [start, end) its place."""

    fold: str
    exact: str
    start: int
    end: int


@lru_cache(maxsize=20_000)
def _forms(raw: str) -> tuple[str, str]:
    """The comparable and the case-keeping form of a token; the former is BREAK for a mark."""
    if raw in "&,":
        return ("and", "&") if raw == "&" else (",", ",")
    if not raw[0].isalnum():
        return BREAK, raw
    exact = raw.replace(".", "")
    apostrophe = max(exact.rfind("'"), exact.rfind("’"))
    if apostrophe > 0 and exact[apostrophe + 1 :] in ("s", "S"):
        exact = exact[:apostrophe]
    if exact.endswith("s") and len(exact) > 2 and exact[:-1].isupper():
        exact = exact[:-1]
    return _singular(exact.casefold()), exact


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]


_word = tuple.__new__  # what Word(…) calls in the end, without the detour: this is the inner loop


def words(text: str) -> list[Word]:
    """The words and marks of `text`, in order."""
    found = []
    for match in _TOKEN.finditer(text):
        fold, exact = _forms(match[0])
        found.append(_word(Word, (fold, exact, *match.span())))
    return found


@dataclass(frozen=True, slots=True)
class Hit(Generic[P]):
    """A phrase that was found: its meaning, its place in the text, and its place among the words."""

    payload: P
    start: int
    end: int
    first: int
    last: int


class _Node(Generic[P]):
    __slots__ = ("exact", "fold", "payload")

    def __init__(self) -> None:
        self.fold: dict[str, _Node[P]] = {}
        self.exact: dict[str, _Node[P]] = {}
        self.payload: P | None = None


def _in_capitals(exact: str) -> bool:
    """Whether a word of a phrase is matched in capitals only: "AI", "6G", "MeitY", but not "Open"."""
    return sum(letter.isupper() for letter in exact) >= (1 if len(exact) <= 2 else 2)


class Phrases(Generic[P]):
    """Phrases with their meanings. The longest phrase that starts at a word wins, and is not looked into."""

    def __init__(self, pairs: Iterable[tuple[str, P]]) -> None:
        self._root: _Node[P] = _Node()
        for phrase, payload in pairs:
            self._add(phrase, payload)

    def _add(self, phrase: str, payload: P) -> None:
        node = self._root
        for word in words(phrase):
            if _in_capitals(word.exact):
                node = node.exact.setdefault(word.exact, _Node())
            else:
                node = node.fold.setdefault(word.fold, _Node())
        if node is not self._root and node.payload is None:
            node.payload = payload

    def find(self, text: Sequence[Word]) -> list[Hit[P]]:
        """Where the phrases stand in a text, in order, never overlapping."""
        found: list[Hit[P]] = []
        fold, exact = self._root.fold, self._root.exact
        past = 0
        for index in [at for at, word in enumerate(text) if word[0] in fold or word[1] in exact]:
            if index < past:
                continue
            last, payload = self._longest(text, index)
            if payload is not None:
                found.append(Hit(payload, text[index].start, text[last].end, index, last))
                past = last + 1
        return found

    def _longest(self, text: Sequence[Word], index: int) -> tuple[int, P | None]:
        """The last word and the meaning of the longest phrase that starts at a word."""
        reached, best, payload = [self._root], index, None
        for position in range(index, len(text)):
            fold, exact, _, _ = text[position]
            onward: list[_Node[P]] = []
            for node in reached:
                if fold in node.fold:
                    onward.append(node.fold[fold])
                if exact in node.exact:
                    onward.append(node.exact[exact])
            if not onward:
                break
            for node in onward:
                if node.payload is not None and (payload is None or position > best):
                    best, payload = position, node.payload
            reached = onward
        return best, payload
