"""Find a grant: the page of a grant (HTML).

The page shows its name, what it is about, its dates and its sections, as tabs. The sums, the funder and the
places are shown in the list of grants only; but the data that the page was made of has them, in a script
element (Next.js). Sums of a pound or two stand for none; midnight and midday are told beside the time.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from feed.adapters import entries, markup, records
from feed.errors import SourceError
from feed.linked import Page, fields, told, trees
from feed.question import Question

_DATA = '//script[@id="__NEXT_DATA__"]'
_DATES = ("Opening date", "Closing date")
_BESIDE = re.compile(r"\s*\((?:midnight|midday)\)", re.IGNORECASE)
_EMPTY = "No content has been entered in this area"
_PANELS = f".//div[{trees.having('govuk-tabs__panel')}]"
_LEAST = Decimal(10)
"""Pounds: what is less is no sum that anyone could be granted."""


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The grant. Raises SourceError."""
    tree = trees.load(body, content_type)
    grant = _data(tree)
    part = trees.main(tree)
    title = trees.heading(part)
    times = [(label, _BESIDE.sub("", value)) for label, value in fields.listed(part) if label in _DATES]
    if not title or not times:
        raise markup.not_there(tree, body, "the grant")
    pairs = [
        *times,
        ("Minimum Award", _sum(grant.get("grantMinimumAward"))),
        ("Maximum Award", _sum(grant.get("grantMaximumAward"))),
        ("Total Fund", _sum(grant.get("grantTotalAwardAmount"))),
        ("Location", ", ".join(_words(grant.get("grantLocation")))),
        ("Funding Organisation", records.word(grant.get("grantFunder"))),
        ("Who Can Apply", ", ".join(_words(grant.get("grantApplicantType")))),
    ]
    about = [trees.text(paragraph) for paragraph in part.xpath(".//h1/following-sibling::p")[:5]]
    return told.page(title=title, pairs=pairs, prose=[*about, *map(_section, part.xpath(_PANELS)[:20])])


def _data(tree: Any) -> dict[str, Any]:
    """What the page was made of; nothing where it is not there: the page itself has the most of it."""
    try:
        found = records.load(tree.xpath(f"string({_DATA})").encode())
    except SourceError:
        return {}
    grant = records.at(found, "props", "pageProps", "grantDetail", "fields")
    return grant if isinstance(grant, dict) else {}


def _sum(value: Any) -> str:
    found = records.amount(value)
    return entries.money(found, "£") if found and found >= _LEAST else ""


def _words(values: Any) -> Iterable[str]:
    return filter(None, map(records.word, values[:20])) if isinstance(values, list) else ()


def _section(panel: Any) -> str:
    said = trees.text(panel)
    return "" if said.endswith(_EMPTY) else said
