"""Words of a text, and finding many phrases among them in one pass.

Pure: no clock, no network, no database. It knows nothing of what the phrases mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    return [_word(Word, _forms(match[0]) + match.span()) for match in _TOKEN.finditer(text)]


class Hit(NamedTuple, Generic[P]):
    """A phrase that was found: its meaning, its place in the text, and its place among the words."""

    payload: P
    start: int
    end: int
    first: int
    last: int


class _Node(Generic[P]):
    """A word within phrases: the words that may follow it, and the meanings of phrases that end with it."""

    __slots__ = ("meanings", "onward")

    def __init__(self) -> None:
        self.onward: dict[str, _Node[P]] = {}
        self.meanings: list[tuple[int, P]] = []


def _in_capitals(exact: str) -> bool:
    """Whether a word of a phrase is matched in capitals only: "AI", "6G", "MeitY", but not "Open"."""
    return sum(letter.isupper() for letter in exact) >= (1 if len(exact) <= 2 else 2)


class Phrases(Generic[P]):
    """Phrases of one or more kinds, with their meanings, found together in one pass.

    Of each kind the longest phrase that starts at a word wins, and is not looked into.
    """

    def __init__(self, *kinds: Iterable[tuple[str, P]]) -> None:
        self._root: _Node[P] = _Node()
        self._kinds = len(kinds)
        for kind, pairs in enumerate(kinds):
            for phrase, payload in pairs:
                self._add(kind, phrase, payload)

    def _add(self, kind: int, phrase: str, payload: P) -> None:
        node = self._root
        for word in words(phrase):
            # A word in capitals never equals a folded one, so that both can be keys side by side.
            node = node.onward.setdefault(word.exact if _in_capitals(word.exact) else word.fold, _Node())
        if node is not self._root and all(kind != other for other, _ in node.meanings):
            node.meanings.append((kind, payload))

    def find(self, text: Sequence[Word]) -> list[list[Hit[P]]]:
        """Where the phrases of each kind stand in a text, in order; those of one kind never overlap."""
        found: list[list[Hit[P]]] = [[] for _ in range(self._kinds)]
        first = self._root.onward
        past = [0] * self._kinds
        ends = len(text) - 1
        for index, (fold, exact, _, _) in enumerate(text):
            if fold in first or exact in first:
                # Most phrases that begin like the text end there: look one word ahead before going on.
                if not self._goes_on(text, index, ends):
                    continue
                for kind, (last, payload) in self._longest(text, index).items():
                    if index >= past[kind]:
                        found[kind].append(Hit(payload, text[index].start, text[last].end, index, last))
                        past[kind] = last + 1
        return found

    def _goes_on(self, text: Sequence[Word], index: int, ends: int) -> bool:
        """Whether a phrase is a word of the text, or goes on with the next one."""
        first, (fold, exact, _, _) = self._root.onward, text[index]
        for node in (first.get(fold), first.get(exact) if exact != fold else None):
            if node is None:
                continue
            if node.meanings:
                return True
            if index < ends:
                after = text[index + 1]
                if after[0] in node.onward or after[1] in node.onward:
                    return True
        return False

    def _longest(self, text: Sequence[Word], index: int) -> dict[int, tuple[int, P]]:
        """Of each kind the last word and the meaning of the longest phrase that starts at a word."""
        best: dict[int, tuple[int, P]] = {}
        reached, position = [self._root], index
        while reached and position < len(text):
            fold, exact, _, _ = text[position]
            onward = [node.onward[fold] for node in reached if fold in node.onward]
            if exact != fold:
                onward += [node.onward[exact] for node in reached if exact in node.onward]
            for node in onward:
                for kind, payload in node.meanings:
                    if kind not in best or position > best[kind][0]:
                        best[kind] = (position, payload)
            reached, position = onward, position + 1
        return best
