"""Any page: what it tells as labelled fields, and its main text.

The main text is found by trafilatura, which knows navigation, related links and cookies for what they are;
where it leaves out too much, or the page is so large that it would take too long, all of the main part is
read. Pure: no clock, no network, no database. The only module that may import trafilatura, and only when a
page is read: it is heavy.
"""

from __future__ import annotations

import re
from typing import Any

from feed import walls
from feed.errors import BotWall, UnderMaintenance
from feed.linked import Page, dates, fields, told, trees
from feed.question import Question
from storage.plain import line

_ELEMENTS = 20_000
"""trafilatura's time grows with the square of the elements."""
_ENOUGH = 250
_WALL_CHARACTERS = 1_000
"""A wall says little; its marks alone stand in other pages, too, of sites that have one."""
_SEPARATORS = "|–—·»:-"
_SITE = re.compile(r"\s+[|–—·»-]\s+[^|–—·»]{2,60}$")
"""What stands behind the title of a page."""


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html, application/xhtml+xml, */*;q=0.1")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The page's fields and its text. Raises SourceError."""
    tree = trees.load(body, content_type)
    title, published = _title(tree), dates.published(tree)
    pairs = fields.take(trees.main(tree))
    text = _text(tree).removeprefix(title).lstrip("\n")
    if len(text) < _WALL_CHARACTERS:
        wall = walls.what_stands_there(body)
        if isinstance(wall, BotWall | UnderMaintenance):
            raise wall
    return told.page(title=title, pairs=pairs, prose=[text], published=published)


def _title(tree: Any) -> str:
    """The page's own title, without the site's: its heading, unless its head knows better."""
    heading, shared = trees.heading(trees.main(tree)), trees.meta(tree, "og:title")
    rest = shared.casefold().removeprefix(heading.casefold()).lstrip()
    if heading and (not rest or (rest != shared.casefold() and rest[0] in _SEPARATORS)):
        return heading
    title = shared or trees.heading(tree) or line(str(tree.findtext(".//title") or ""))
    site = trees.meta(tree, "og:site_name")
    if site and title.endswith(site):
        return title.removesuffix(site).rstrip(f" {_SEPARATORS}") or title
    return _SITE.sub("", title)


def _text(tree: Any) -> str:
    part = trees.main(tree)
    trees.drop(part, ".//aside | .//form")
    everything = trees.text(part)
    if not everything or tree.xpath("count(//*)") > _ELEMENTS:
        return everything
    half = len(everything) / 2
    found = _extracted(tree)
    # A part that is marked has little in it that is not meant; all of a page has menus without end.
    return found if len(found) >= (min(_ENOUGH, half) if part.tag == "body" else half) else everything


def _extracted(tree: Any) -> str:
    """The main text as trafilatura finds it; it changes the tree."""
    import trafilatura  # noqa: PLC0415 - heavy, and most pages have a reader of their own

    try:
        found = trafilatura.extract(tree, favor_recall=True, include_comments=False) or ""
    except Exception:  # whatever the page brought to light: there is another way to read it
        return ""
    return "\n".join(filter(None, map(_unmarked, found.splitlines())))


def _unmarked(written: str) -> str:
    """A line without the marks of lists and tables."""
    written = written.strip().removeprefix("- ")
    return "" if re.fullmatch(r"[\s|:-]*", written) else written.strip("| ")
