"""Pages (HTML) as trees.

Pure: no clock, no network, no database; the parser is given bytes only, and fetches nothing.
"""

from __future__ import annotations

from typing import Any

from lxml import etree, html

from feed import walls
from feed.errors import BotWall, ShapeChanged, SourceError, TooLarge, UnderMaintenance
from feed.parse import HTML_CHARACTERS
from feed.text import plain
from storage.plain import line, shorten

PAGE_BYTES = 1_000_000
"""A list page is at most half as large; the parser's time can grow faster than the page."""


def page(body: bytes) -> Any:
    """The tree of a page in UTF-8, however it is broken. Raises SourceError where there is none."""
    if not body.strip():
        raise SourceError("the answer is empty")
    if len(body) > PAGE_BYTES:
        raise TooLarge(f"the page is larger than {PAGE_BYTES // 1_000_000} MB")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(body, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise ShapeChanged("the answer is no page that can be read") from error


def text(element: Any) -> str:
    """What a person would read in an element, a block a line."""
    return plain(str(html.tostring(element, encoding="unicode", with_tail=False))[:HTML_CHARACTERS])


def not_there(tree: Any, body: bytes, what: str) -> SourceError:
    """The error of a page in which `what` is missing: a wall's, or that the page is no longer as it was."""
    found = walls.what_stands_there(body)
    if isinstance(found, BotWall | UnderMaintenance):
        return found
    title = shorten(line(str(tree.findtext(".//title") or "")), 80)
    return ShapeChanged(f"{what} is not where it was" + (f": “{title}”" if title else ""))
