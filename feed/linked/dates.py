"""When a page says that it first appeared, in the places where pages say so; never guessed from its words.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from feed import moments
from feed.adapters import records
from feed.linked import trees
from storage.plain import line

_NAMES = (
    "article:published_time", "og:article:published_time", "datePublished", "dcterms.issued",
    "dcterms.date.issued", "dc.date.issued", "dcterms.created", "dc.date.created", "dcterms.date", "dc.date",
    "citation_publication_date", "publication_date", "publish-date", "publishdate", "pubdate", "date",
)  # fmt: skip
_TIMES = (
    '//time[@pubdate or @itemprop="datePublished"]',
    '//*[@itemprop="datePublished"]',
    '//time[contains(@class, "publish") or contains(../@class, "publish")]',
)
_LINKED_DATA = '//script[@type="application/ld+json"]'
_DEEPEST = 4


def published(tree: Any) -> str | None:
    """ISO 8601: a bare date, or a date and time with offset. None where none of these places tells it."""
    stated = (*_linked_data(tree), trees.meta(tree, *_NAMES), *_marked(tree))
    return next(filter(None, map(iso, stated)), None)


def iso(stated: Any) -> str | None:
    """A date as machines or people write it. A time whose offset is not stated is left out."""
    if isinstance(stated, str) and (found := records.moment(stated)):
        return stamp(found) if re.search(r"\d[T ]\d", stated) else found.date().isoformat()
    return moments.published(line(stated)[:100], None) if isinstance(stated, str) else None


def stamp(found: datetime | None) -> str | None:
    """A time with its offset, or its day where it has none."""
    if found is None:
        return None
    return found.isoformat() if found.tzinfo else found.date().isoformat()


def _linked_data(tree: Any) -> Iterator[Any]:
    """What the page's JSON-LD (schema.org) says."""
    for script in tree.xpath(_LINKED_DATA)[:10]:
        try:
            yield from _within(json.loads(script.text or ""), 0)
        except (ValueError, RecursionError):
            continue


def _within(value: Any, depth: int) -> Iterator[Any]:
    if isinstance(value, list) and depth < _DEEPEST:
        for item in value[:50]:
            yield from _within(item, depth + 1)
    elif isinstance(value, dict):
        yield value.get("datePublished")
        yield from _within(value.get("@graph"), depth + 1)


def _marked(tree: Any) -> Iterator[str]:
    for path in _TIMES:
        for element in tree.xpath(path)[:5]:
            yield element.get("datetime") or element.get("content") or trees.said(element)
