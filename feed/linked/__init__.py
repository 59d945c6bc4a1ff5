"""The page that an announcement links to: who reads which, and what comes of it.

A reader is a small module of this package: it says what to ask for, given the page's address (the page
itself, or an interface that tells more of it), and turns the answer into the page's words. READERS says
which hosts' pages are read by which; every other page is an `article`.

Beside the readers stands what they share: `trees` (pages), `fields` (labels and values), `dates` (when a page
appeared) and `told` (what comes of it).

Pure: no clock, no network, no database. May not say what a page means: that is feed.extract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from storage.plain import joined

if TYPE_CHECKING:
    from feed.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a linked page says, as plain text, a block a line.

    `title` is its own title without the site's name ('': none is told). `text` begins with what the page
    tells as fields, a line of 'Label: value.' each, then its prose; navigation, cookies and footers are left
    out.
    `published_at` is when it first appeared: ISO 8601, a bare date or a date and time with offset, or None.
    `withdrawn` are the words of a notice that the publisher has taken it back, or None.
    """

    title: str = ""
    text: str
    published_at: str | None = None
    withdrawn: str | None = None


class Reader(Protocol):
    """A module of this package."""

    def question(self, url: str) -> Question:
        """What to ask for, to read the page at `url`, which is one of this reader's."""

    def read(self, body: bytes, *, url: str, content_type: str = "") -> Page:
        """What the answer that was found at `url` says. Raises SourceError for what cannot be read."""


READERS: tuple[tuple[str, str, str], ...] = (
    # Lists, files and the interface itself are no items; the front page is one without a text.
    (
        "www.gov.uk",
        r"/(?!(?:search|api|assets|media|email|government/uploads)(?:/|$))[^/](?!.*\.(?:atom|json|csv|pdf)$)",
        "govuk",
    ),
    ("ukri.org", r"/opportunity/(?!(?:feed|page)(?:/|$))[^/]+/?$", "ukri"),
    ("apply-for-innovation-funding.service.gov.uk", r"/competition/\d+/overview(?:/|$)", "innovate_uk"),
    ("find-government-grants.service.gov.uk", r"/grants/[^/]+/?$", "find_government_grants"),
    ("grants.gov", r"/search-results-detail/\d{1,12}/?$", "grants_gov"),
    ("simpler.grants.gov", r"/opportunity/\d{1,12}/?$", "grants_gov"),
    ("pib.gov.in", r"(?i)/PressRele?a?se(?:Iframe)?(?:Page|Detail)m?\.aspx$", "pib"),
    ("dst.gov.in", r"/", "dst"),
    (
        "ec.europa.eu",
        r"/info/funding-tenders/opportunities/portal/screen/opportunities/topic-details/[^/]+/?$",
        "eu_funding",
    ),
    ("nsf.gov", r"/funding/opportunities/(?:[^/]+/)+nsf\d\d-\d+/solicitation/?$", "nsf"),
    ("nsf.gov", r"/pubs/\d{4}/nsf\d+/nsf\d+\.html?$", "nsf"),
)
"""Host (and all below it), a pattern that the path must match from its beginning, and the reader."""

ANY = "article"


def together(told: str, page: Page) -> str:
    """What the announcement itself says, where its page does not say it again, and then the page's words."""
    return joined(told, page.text)


def name_of(url: str) -> str:
    """The name of the reader for the page at this address."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return ANY
    for domain, path, reader in READERS:
        if (host == domain or host.endswith(f".{domain}")) and re.match(path, parts.path or "/"):
            return reader
    return ANY


def reader(name: str) -> Reader:
    """The reader of this name."""
    return cast("Reader", import_module(f"feed.linked.{name}"))
