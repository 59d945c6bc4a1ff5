"""What differs between two texts, word by word, for people to read.

Pure: no clock, no network, no database. May not know what the texts are about, nor how a page shows them.
Lines and sentences are compared first, then the words of those that differ. The time grows with the length of
the texts, whatever stands in them; difflib's grows with its third power where words repeat.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

AROUND = 12
"""So many words are shown on each side of a change; the rest of what stayed is left out."""
LONGEST_CHANGE = 240
"""A change of more words is shown by its beginning and its end."""
MOST = 120
"""So many pieces are shown."""
BY_WORDS = 400_000
"""Where both texts together have more characters, only lines are compared."""
CRUMB = 2
"""So many words that stayed between two longer changes are shown as changed with them."""
_PAIRS = 10
"""So many pairs of equal words are looked at for each word: those of the most frequent words are not."""

_LINE_ENDS = re.compile(r"(?<=[.!?;])\s+|\n\s*")
_WORDS = re.compile(r"\S+\s*")
_LONG_WORD = re.compile(r"(\S{200})\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words with the blanks behind them. `sort` is `kept`, `deleted`, `inserted` or `cut`: then `text`
    says in our words what is left out."""

    sort: str
    text: str


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Places in the old text and those in the new one that stand for them; `same` where the items are."""

    same: bool
    old: range
    new: range

    def with_next(self, other: _Stretch) -> _Stretch:
        """This stretch and the one that follows it as one."""
        old, new = range(self.old.start, other.old.stop), range(self.new.start, other.new.stop)
        return replace(self, old=old, new=new)


def compare(before: str, after: str) -> list[Piece]:
    """All of both texts in pieces, in order: kept and deleted ones together hold the words of `before`, kept
    and inserted ones those of `after`. Blanks do not count; what is kept has those of `after`."""
    if before.split() == after.split():
        return [Piece("kept", after.strip())] if after.strip() else []
    by_words = len(before) + len(after) <= BY_WORDS
    old, new = _lines(before), _lines(after)
    pieces: list[Piece] = []
    for lines in _stretches(old, new):
        if lines.same or not by_words:
            pieces += _pieces(lines, old, new)
            continue
        ours = _words("".join(old[place] for place in lines.old))
        theirs = _words("".join(new[place] for place in lines.new))
        for stretch in _without_crumbs(_stretches(ours, theirs)):
            pieces += _pieces(stretch, ours, theirs)
    return _joined(pieces)


def excerpt(before: str, after: str) -> list[Piece]:
    """The changes with some words around each, for a page. Empty where no word differs."""
    pieces = compare(before, after)
    if all(piece.sort == "kept" for piece in pieces):
        return []
    shown: list[Piece] = []
    for number, piece in enumerate(pieces):
        if len(shown) >= MOST:
            left = sum(piece.sort != "kept" for piece in pieces[number:])
            return [*shown, Piece("cut", f"… and {left} more changes")] if left else shown
        if piece.sort == "kept":
            first, last = number == 0, number == len(pieces) - 1
            shown += _shortened(piece, 0 if first else AROUND, 0 if last else AROUND, "…")
        else:
            half = LONGEST_CHANGE // 2
            count = len(_words(piece.text)) - 2 * half
            shown += _shortened(piece, half, half, f"… {count} more words …")
    return shown


def _shortened(piece: Piece, head: int, tail: int, cut: str) -> Iterator[Piece]:
    """The first and the last words of a piece, and between them `cut`, if it is worth while."""
    piece = replace(piece, text=_LONG_WORD.sub(r"\1… ", piece.text))
    words = _words(piece.text)
    if len(words) <= head + tail + 3:
        yield piece
        return
    if head:
        yield replace(piece, text="".join(words[:head]))
    yield Piece("cut", cut)
    if tail:
        yield replace(piece, text="".join(words[-tail:]))


def _lines(text: str) -> list[str]:
    """Lines and sentences, each with the blanks behind it."""
    text = text.strip()
    ends = [0, *(found.end() for found in _LINE_ENDS.finditer(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends) if start < end]


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _key(item: str) -> str:
    """What counts when two items are compared."""
    return " ".join(item.split())


def _stretches(old: Sequence[str], new: Sequence[str]) -> list[_Stretch]:
    """Both in stretches, in order: those that are the same and those that differ by turns."""
    found: list[_Stretch] = []
    for stretch in _cut([_key(item) for item in old], [_key(item) for item in new]):
        if found and found[-1].same == stretch.same:
            found[-1] = found[-1].with_next(stretch)
        elif stretch.old or stretch.new:
            found.append(stretch)
    return found


def _cut(old: Sequence[str], new: Sequence[str]) -> Iterator[_Stretch]:
    """Both in stretches that may be empty."""
    low = _alike(old, new)
    high = _alike(old[low:][::-1], new[low:][::-1])
    end, new_end = len(old) - high, len(new) - high
    yield _Stretch(True, range(low), range(low))
    at, new_at = low, low
    for i, j in [*_ascending(old, new, range(low, end), range(low, new_end)), (end, new_end)]:
        # Frequent items that were not looked at may be the same beside those that were.
        first = _alike(old[at:i], new[new_at:j])
        last = _alike(old[at + first : i][::-1], new[new_at + first : j][::-1])
        yield _Stretch(True, range(at, at + first), range(new_at, new_at + first))
        yield _Stretch(False, range(at + first, i - last), range(new_at + first, j - last))
        yield _Stretch(True, range(i - last, i), range(j - last, j))
        if i < end:
            yield _Stretch(True, range(i, i + 1), range(j, j + 1))
        at, new_at = i + 1, j + 1
    yield _Stretch(True, range(end, len(old)), range(new_end, len(new)))


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items are the same at the beginning of both."""
    size = 0
    for ours, theirs in zip(old, new, strict=False):
        if ours != theirs:
            break
        size += 1
    return size


def _ascending(old: Sequence[str], new: Sequence[str], ours: range, theirs: range) -> list[tuple[int, int]]:
    """Places of equal items that ascend in both, as many as there can be among the items that are rare enough
    (Hunt and Szymanski, “A fast algorithm for computing longest common subsequences”, 1977)."""
    places: dict[str, list[int]] = {}
    for j in theirs:
        places.setdefault(new[j], []).append(j)
    rare = _rare(Counter(old[i] for i in ours), places, _PAIRS * (len(ours) + len(theirs)))
    ends: list[int] = []  # the smallest place in `new` at which a row of this length can end
    rows: list[Any] = []  # the row itself, as (place in old, place in new, the row before)
    for i in ours:
        for j in reversed(places[old[i]]) if old[i] in rare else ():
            size = bisect_left(ends, j)
            ends[size : size + 1] = [j]
            rows[size : size + 1] = [(i, j, rows[size - 1] if size else None)]
    found, row = [], rows[-1] if rows else None
    while row:
        found.append((row[0], row[1]))
        row = row[2]
    return found[::-1]


def _rare(counts: Mapping[str, int], places: Mapping[str, Sequence[int]], pairs: int) -> set[str]:
    """The items that make so many pairs at most, the rarest first."""
    products = [(count * len(places[item]), item) for item, count in counts.items() if item in places]
    rare = set[str]()
    for product, item in sorted(products):
        pairs -= product
        if pairs < 0:
            break
        rare.add(item)
    return rare


def _without_crumbs(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """A word or two that stayed by chance, between changes that are longer, is taken for changed, too."""
    found: list[_Stretch] = []
    for stretch in stretches:
        if len(found) > 1 and not stretch.same and _is_crumb(found[-1], found[-2], stretch):
            found.pop()
            found[-1] = found[-1].with_next(stretch)
        else:
            found.append(stretch)
    return found


def _is_crumb(stretch: _Stretch, before: _Stretch, after: _Stretch) -> bool:
    smaller = min(max(len(side.old), len(side.new)) for side in (before, after))
    return len(stretch.new) <= CRUMB and len(stretch.new) < smaller


def _pieces(stretch: _Stretch, old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    sides = [("deleted", old, stretch.old), ("inserted", new, stretch.new)]
    for sort, items, places in [("kept", new, stretch.new)] if stretch.same else sides:
        if places:
            yield Piece(sort, "".join(items[place] for place in places))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces of one sort that follow each other as one, with a blank between them where one is missing."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].sort == piece.sort:
            found[-1] = replace(piece, text=_spaced(found[-1].text) + piece.text)
        else:
            found.append(piece)
    return [piece if piece is found[-1] else replace(piece, text=_spaced(piece.text)) for piece in found]


def _spaced(text: str) -> str:
    return text if text[-1:].isspace() else f"{text} "
