"""A linked page (HTML) as a tree, however large and in whatever encoding: its parts, their text, its title.

Pure: no clock, no network, no database; the parser is given bytes only, and fetches nothing. May not know
whose page it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from lxml import etree, html

from feed.errors import NotAPage, SourceError
from feed.text import plain
from storage.plain import line, without_control

PAGE_BYTES = 5_000_000
"""So much of a page is read."""
TREE_CHARACTERS = 600_000
"""So much of it becomes a tree."""
DEEPEST = 200
"""So deep a tree is built; what lies deeper is text of what it lies in."""

_KEPT = (
    "class", "id", "role", "type", "href", "rel", "style", "name", "property", "content", "itemprop",
    "datetime", "pubdate", "hidden", "aria-hidden", "data-testid",
)  # fmt: skip
_HEAD = 50_000
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|title|main|article|h1|p|div)\b", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\s*(?:[{\[]|(?:<\?xml\b[^>]{0,200}>\s*)?<(?:rss|feed|rdf:rdf|urlset)\b)", re.IGNORECASE
)
_DECLARED = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)
_STATED = re.compile(r"charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)
_CHARSETS = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|iso-?8859-\d{1,2}|latin-?1|us-ascii|windows-125\d|koi8-[ru]"
    r"|shift[_-]jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5",
)
"""What pages are in; Python knows other things by such names, and some take very long."""
_ASCII = re.compile("iso-?8859-1|latin-?1|us-ascii")
_WESTERN = "cp1252"
"""What browsers take these for (WHATWG Encoding)."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNREAD = re.compile(r"<(script|style|svg|noscript|template)\b", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
    for name in ("script", "style", "svg", "noscript", "template")
}


def load(body: bytes, content_type: str = "") -> Any:
    """The tree of a page. Raises SourceError, NotAPage where the answer is something else."""
    if not body.strip():
        raise SourceError("the answer is empty")
    body = body[:PAGE_BYTES]
    if b"%PDF-" in body[:1024]:
        raise NotAPage("the page is a PDF, which is not read")
    document = _decoded(body, content_type)
    head = document[:_HEAD]
    if "\0" in head or _NO_PAGE.match(head) or not _PAGE.search(head):
        media = line(content_type.partition(";")[0])[:80]
        raise NotAPage("the answer is no page" + (f": {media}" if media else ""))
    if len(document) > TREE_CHARACTERS:
        document = _without_unread(document)[:TREE_CHARACTERS]
    # The parser takes a zero for the end, and what is no character for a reason to stop.
    parser = html.HTMLParser(target=_Builder(), encoding="utf-8", huge_tree=True)
    try:
        parser.feed(without_control(document).encode())
        return parser.close()
    except etree.LxmlError as error:
        raise NotAPage("the answer is no page that can be read") from error


class _Builder:
    """Builds the tree (an lxml parser target), without comments, and with those attributes only that anybody
    looks at: an element can have any number of them, and libxml2's time grows with their square."""

    def __init__(self) -> None:
        self._tree = etree.TreeBuilder(parser=html.html_parser)
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth <= DEEPEST:
            self._tree.start(tag, {name: attributes[name] or "" for name in _KEPT if name in attributes})

    def end(self, tag: str) -> None:
        if self._depth <= DEEPEST:
            self._tree.end(tag)
        self._depth -= 1

    def data(self, data: str) -> None:
        self._tree.data(data)

    def close(self) -> Any:
        return self._tree.close()


def main(tree: Any) -> Any:
    """The main part of a page: what it marks as such, its only article, or all of it."""
    marked, articles = tree.xpath('//main | //*[@role="main"]'), tree.xpath("//article")
    for part in (*marked[:1], *(articles if len(articles) == 1 else ())):
        if any(map(str.strip, part.itertext())):
            return part
    return next(iter(tree.xpath("//body")), tree)


def text(part: Any) -> str:
    """What a person would read in a part of a page, a block a line."""
    return plain(str(html.tostring(part, encoding="unicode", with_tail=False)))


def said(part: Any) -> str:
    """The same on one line."""
    return line(text(part))


def having(name: str) -> str:
    """The XPath condition that an element is of this class."""
    return f'contains(concat(" ", normalize-space(@class), " "), " {name} ")'


def drop(part: Any, path: str) -> None:
    """Take elements out of a part, and what is in them."""
    for element in part.xpath(path):
        if element.getparent() is not None:
            element.drop_tree()


def heading(part: Any) -> str:
    """The first heading of the first rank that says something."""
    return next(filter(None, map(said, part.xpath(".//h1")[:10])), "")


def meta(tree: Any, *names: str) -> str:
    """What the page's head says under one of these names, which are looked for in this order."""
    told: dict[str, str] = {}
    for element in tree.xpath("//meta[@content]")[:500]:
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        told.setdefault(name.casefold(), line(element.get("content")))
    return next(filter(None, (told.get(name.casefold(), "") for name in names)), "")


def _decoded(body: bytes, content_type: str) -> str:
    """The page's text: by its mark, by what the server or the page says, else UTF-8 or Western European."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    # What declares it can be read as ASCII, so that it is no UTF-16, whatever it says.
    declared = _DECLARED.search(body[:4096])
    inside = declared[1].decode().casefold().replace("utf-16", "utf-8") if declared else ""
    stated = _STATED.search(content_type)
    for name in (stated[1].casefold() if stated else "", inside):
        if _CHARSETS.fullmatch(name):
            return _in(body, _WESTERN if _ASCII.fullmatch(name) else name)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body)  # the last character may be cut off
    except UnicodeDecodeError:
        return body.decode(_WESTERN, "replace")


def _in(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:  # such as iso-8859-17
        return body.decode("utf-8", "replace")


def _without_unread(document: str) -> str:
    """The page without scripts and the like, in one go through it."""
    kept, position = [], 0
    while opened := _UNREAD.search(document, position):
        kept.append(document[position : opened.start()])
        closed = _ENDS[opened[1].lower()].search(document, opened.end())
        position = closed.end() if closed else len(document)
    return "".join((*kept, document[position:]))
