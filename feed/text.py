"""From HTML to the plain text that a person would read, a block a line.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from html import unescape

from lxml import etree

from storage.plain import fold, line, without_control

_BLOCKS = frozenset(
    """address article aside blockquote br caption dd details div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section summary table tbody td tfoot th
    thead title tr ul""".split()  # noqa: SIM905 (a column of forty strings reads worse)
)
_UNREAD = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "object", "iframe"}
    | {"head", "nav", "header", "footer"}
)


_SPACE = re.compile(r"\s+")


class _Reader:
    """Takes the tags and texts of a document as the parser comes upon them (an lxml parser target)."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._skipping = 0

    def start(self, tag: str, attributes: object) -> None:
        if tag in _UNREAD:
            self._skipping += 1
        elif tag in _BLOCKS:
            self._parts.append("\n")

    def end(self, tag: str) -> None:
        if tag in _UNREAD:
            self._skipping -= 1
        elif tag in _BLOCKS:
            self._parts.append("\n")

    def data(self, data: str) -> None:
        if not self._skipping:
            self._parts.append(_SPACE.sub(" ", data))

    def close(self) -> str:
        return "".join(self._parts)


def plain(html: str) -> str:
    """The text of an HTML fragment or page: entities decoded, one block a line, spaces folded.

    Scripts, styles and a page's navigation are left out. Text without markup comes back as it is, folded.
    """
    if "<" not in html:
        return fold(unescape(_SPACE.sub(" ", html)) if "&" in html else html)
    parser = etree.HTMLParser(target=_Reader(), encoding="utf-8", huge_tree=True)
    # The parser takes a zero for the end, and what is no character for a reason to stop.
    parser.feed(b"<body>" + without_control(html).encode())
    return fold(str(parser.close()))


def page(document: str) -> tuple[str, str]:
    """Title and text of a whole HTML page, or of plain text (which has no title).

    The text is that of the page's main part where it marks one.
    """
    if not re.search(r"<(?:!doctype|html|body|main|article|p|div|h1|br|li|td)\b", document, re.IGNORECASE):
        return "", fold(document)
    main = _element(document, "main|article")
    title = _element(document, "h1") or _element(document, "title")
    return line(plain(title)) if title else "", plain(main or document)


def _element(document: str, names: str) -> str:
    """The first element with one of the names, with its tags; empty if there is none, or it is not closed.

    In one pass: a page of unclosed tags must not cost the square of its length.
    """
    opening = re.search(rf"<({names})\b[^<>]*>", document, re.IGNORECASE)
    if opening is None:
        return ""
    closing = re.compile(rf"</{opening[1]}\s*>", re.IGNORECASE).search(document, opening.end())
    return document[opening.start() : closing.end()] if closing else ""
