"""Innovate UK's competitions: the overview of one on the Innovation Funding Service (HTML).

Under the heading stand what it is about and when it opens and closes; then its sections, as tabs. Those with
a heading and a text are read as they stand; the one of dates is a list in which the date is the term.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from typing import Any

from feed.adapters import markup
from feed.linked import Page, fields, told, trees
from feed.question import Question
from storage.plain import fold

_LABELS = {
    "competition opens": "Opening Date",
    "competition closes": "Closing Date",
    "registration closes": "Registration Closing Date",
}
_PANELS = f".//section[{trees.having('govuk-tabs__panel')}]"
_ROWS = f'.//section[@id="summary"]//div[{trees.having("govuk-grid-row")}]'
_SHORT = ("Funding type", "Project size")
_NUMBER = re.compile(r"/competition/(\d{1,12})/")
_STATE = f".//div[{trees.having('warning-alert')}]"
_ABOUT = f".//p[{trees.having('wysiwyg-styles')}] | ./div[{trees.having('wysiwyg-styles')}]"
_OTHER_WORDS = f".//*[{trees.having('govuk-caption-l')} or {trees.having('govuk-tabs__title')}]"


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The competition. Raises SourceError."""
    tree = trees.load(body, content_type)
    part = trees.main(tree)
    trees.drop(part, _OTHER_WORDS)
    title, times = trees.heading(part), _times(part)
    if not title or not times:
        raise markup.not_there(tree, body, "the overview of the competition")
    number = _NUMBER.search(url)
    pairs = [
        ("Status", " ".join(map(trees.said, part.xpath(_STATE)))),
        *times,
        *_short(part),
        ("Competition Number", number[1] if number else ""),
    ]
    about = [trees.text(paragraph) for paragraph in part.xpath(_ABOUT)[:5]]
    return told.page(title=title, pairs=pairs, prose=[*about, *map(_section, part.xpath(_PANELS)[:20])])


def _times(part: Any) -> list[fields.Pair]:
    """When it opens and closes, in the page's words: some have no deadline."""
    return [
        (_LABELS[label.casefold()], value)
        for label, value in fields.listed(part)
        if label.casefold() in _LABELS
    ]


def _short(part: Any) -> list[fields.Pair]:
    """What the summary tells in a few words, which is taken out of it."""
    found = []
    for row in part.xpath(_ROWS):
        label, _, value = trees.text(row).partition("\n")
        value = " ".join(value.split())
        if label in _SHORT and value and len(value) <= fields.VALUE_CHARACTERS:
            found.append((label, value))
            row.drop_tree()
    return found


def _section(panel: Any) -> str:
    if panel.get("id") != "dates":
        return trees.text(panel)
    return fold("\n".join(f"{what}: {day}" for day, what in fields.defined(panel) if what))
