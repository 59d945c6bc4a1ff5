"""What a page tells as labels and values: found where pages put them, and written as a line each.

A label bears capitals in our lines: so the summary of a call begins behind them, at the publisher's own
words. Pure: no clock, no network, no database. May not know what a label means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from feed.linked import trees
from storage.plain import line, shorten

Pair = tuple[str, str]

MOST = 40
LABEL_CHARACTERS = 60
VALUE_CHARACTERS = 300
_VALUES_OF_ONE = 20

_SMALL = frozenset({"of", "for", "and", "the", "to", "in", "or"})
_OUTSIDE = "ancestor::nav or ancestor::header or ancestor::footer or ancestor::aside or ancestor::form"
_LABELS = f".//*[{trees.having('field-label')} or {trees.having('field__label')}][not({_OUTSIDE})]"
_VALUES = frozenset({"field-items", "field__items", "field__item"})
"""How Drupal prints a field that has a label: the label, and one or several values beside it."""


def lines(pairs: Iterable[Pair]) -> list[str]:
    """The pairs as 'Label: value.'; one without a value is left out."""
    told = ((_capital(label), shorten(line(value), VALUE_CHARACTERS).rstrip(".")) for label, value in pairs)
    return [f"{label}: {value}." for label, value in told if label and value]


def defined(part: Any) -> list[Pair]:
    """The terms of the definition lists in a part, or of the one that it is."""
    return [pair for terms in part.xpath("descendant-or-self::dl") for pair in _defined(terms)]


def listed(part: Any) -> list[Pair]:
    """The items of lists in a part that begin with a label: '<li><strong>Opens:</strong> 5 May</li>'."""
    found = []
    for item in part.xpath(".//li[*[1][self::strong or self::b or self::span]]")[:200]:
        label, colon, value = trees.said(item).partition(":")
        if colon and trees.said(item[0]).rstrip(" :") == label.rstrip():
            found.append((label, value.strip()))
    return found


def take(part: Any) -> list[Pair]:
    """The fields in a part of any page; what bears them, and nothing else, is taken out of it."""
    found: list[Pair] = []
    for element, pairs in _groups(part):
        kept = [pair for pair in pairs if _is_field(*pair)]
        if not kept or len(found) + len(kept) > MOST:
            continue
        found += kept
        if len(kept) == len(pairs) and element is not None and element.getparent() is not None:
            element.drop_tree()
    return list(dict.fromkeys(found))


def _groups(part: Any) -> Iterator[tuple[Any, list[Pair]]]:
    """What may bear fields, with the pairs in it: definition lists, tables, and the fields of Drupal. None
    for what bears other things, too."""
    for terms in part.xpath(f".//dl[not({_OUTSIDE} or .//dl)]")[:MOST]:
        yield terms, _defined(terms)
    for table in part.xpath(f".//table[not({_OUTSIDE} or .//table)]")[:MOST]:
        yield table, _rows(table)
    for label in part.xpath(_LABELS)[:MOST]:
        values = list(takewhile(_is_value, _beside(label)))
        whole = label.getparent()
        alone = len(whole) == len(values) + 1
        yield whole if alone else None, [(_label(label), _together(values))]


def _defined(terms: Any) -> list[Pair]:
    """A term may have several values, and terms may stand in groups of their own (HTML, 4.4.9)."""
    found = []
    for term in terms.xpath("./dt | ./div/dt")[:200]:
        values = takewhile(lambda element: element.tag == "dd", _beside(term))
        # 'Change', in a summary list of GOV.UK, is no value.
        told = [value for value in values if "actions" not in (value.get("class") or "")]
        found.append((_label(term), _together(told)))
    return found


def _rows(table: Any) -> list[Pair]:
    """The rows of a table whose rows all have two cells; of another there are none."""
    rows = [row.xpath("./th | ./td") for row in table.xpath(".//tr")[: 2 * MOST]]
    rows = [cells for cells in rows if cells and not all(cell.tag == "th" for cell in cells)]
    if any(len(cells) != 2 for cells in rows):
        return []
    return [(_label(label), trees.said(value)) for label, value in rows]


def _beside(element: Any) -> Iterator[Any]:
    """The elements behind it, as many as may be its values."""
    return islice(element.itersiblings(), _VALUES_OF_ONE)


def _together(values: Iterable[Any]) -> str:
    return ", ".join(filter(None, map(trees.said, values)))


def _is_value(element: Any) -> bool:
    return not _VALUES.isdisjoint((element.get("class") or "").split())


def _label(element: Any) -> str:
    return trees.said(element).rstrip(" :")


def _is_field(label: str, value: str) -> bool:
    return (
        len(label) <= LABEL_CHARACTERS
        and re.search(r"[^\W\d_]", label) is not None
        and 0 < len(value) <= VALUE_CHARACTERS
    )


def _capital(label: str) -> str:
    words = line(label).rstrip(" :").split()
    return " ".join(
        word if 0 < place < len(words) - 1 and word in _SMALL else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    )
