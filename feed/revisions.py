"""What changed, as a page shows it: facts by their two sides, texts word by word.

Pure: no clock, no network, no database; long texts are given by who calls. May not judge what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feed import wordiff
from feed.wordiff import Piece
from storage import wording

Text = Callable[[str], str | None]

_WORDS = ("title", "summary")
_DIGESTS = ("text", "page")


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that changed. `pieces` are its words, where it is a text; else `before` and `after` say it, and
    `note` why its words are not shown."""

    name: str
    before: str
    after: str
    pieces: Sequence[Piece] = ()
    note: str = ""


def shown(payload: Mapping[str, Any], text: Text = lambda digest: None) -> list[Shown]:
    """What an event's `changed` says, in its order. `text` gives a long text by its digest, None where it is
    not there."""
    changed = payload.get("changed", {})
    found = []
    for (field, sides), (name, before, after) in zip(changed.items(), wording.changes(payload), strict=True):
        pieces, note = _words(field, sides, changed, text)
        found.append(Shown(name, before, after, pieces, note))
    return found


def _words(
    field: str, sides: Mapping[str, Any], changed: Mapping[str, Any], text: Text
) -> tuple[Sequence[Piece], str]:
    """The words of a field that is a text, and what there is to say of them."""
    if field not in (*_WORDS, *_DIGESTS):
        return (), ""
    before, after = (_side(field, sides[side], side, changed, text) for side in ("from", "to"))
    if before is None or after is None:
        return (), GONE if sides["from"] and sides["to"] else ""
    pieces = wordiff.excerpt(before, after)
    return pieces, "" if pieces else ONLY_BLANKS


GONE = "Its words are not kept here: they were taken out, or this copy of the log has none."
ONLY_BLANKS = "No word is another: only blanks or the ends of lines."


def _side(field: str, value: Any, side: str, changed: Mapping[str, Any], text: Text) -> str | None:
    """One side of a text in full, None where it is not known."""
    if field in _WORDS:
        return value or ""
    if value:
        return text(value)
    # Where an announcement has no text, its summary says it all; of a page nothing was read then.
    return changed.get("summary", {}).get(side) if field == "text" else None
