"""From what a reader found to the page that it gives: cleaned, cut, and never empty.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterable

from feed.errors import NotAPage
from feed.linked import Page, fields
from feed.parse import TITLE_CHARACTERS
from storage.plain import fold, line, shorten

TEXT_CHARACTERS = 100_000
"""feed.extract reads no more."""
NOTICE_CHARACTERS = 1_000
NOTES = "Additional information"
"""A line of its own, behind which feed.extract reads no news."""


def page(
    *,
    title: str,
    pairs: Iterable[fields.Pair] = (),
    prose: Iterable[str] = (),
    notes: Iterable[str] = (),
    published: str | None = None,
    withdrawn: str = "",
) -> Page:
    """The page: its fields, its prose, and what stands below it. Raises NotAPage where it says nothing."""
    text = fold("\n".join((*fields.lines(pairs), *prose)))
    told = fold("\n".join(notes))
    if not text and not withdrawn:
        raise NotAPage("the page says nothing that could be read")
    return Page(
        title=shorten(line(title), TITLE_CHARACTERS),
        text=(f"{text}\n{NOTES}\n{told}" if told else text)[:TEXT_CHARACTERS],
        published_at=published,
        withdrawn=shorten(line(withdrawn), NOTICE_CHARACTERS) or None,
    )
