"""India's Department of Science and Technology: its pages, which Drupal makes (HTML).

They are read as any page is. A call's fields are named 'Start Date' and 'End Date', by which are meant the
days between which one can apply, written as 31/07/2026: they are told in words that cannot be mistaken.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from dataclasses import replace

from feed.adapters import entries, records
from feed.linked import Page, article
from feed.question import Question

_LABELS = {"start date": "Opening Date", "end date": "Closing Date"}
_FIELD = re.compile(
    r"^(start date|end date): (\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s*-.*)?\.$", re.IGNORECASE | re.MULTILINE
)


def question(url: str) -> Question:
    """The page at the address."""
    return article.question(url)


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The page. Raises SourceError."""
    page = article.read(body, url=url, content_type=content_type)
    return replace(page, text=_FIELD.sub(_meant, page.text))


def _meant(field: re.Match[str]) -> str:
    label, day, month, year = field.groups()
    found = records.moment(f"{year}-{int(month):02}-{int(day):02}")
    return f"{_LABELS[label.casefold()]}: {entries.day(found)}." if found else field[0]
