"""What a server is asked for, and what it answers.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

PRODUCT = "Communique"
"""Who asks: the first word of our user agent, and our name in a robots.txt."""
FEEDS = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: the address; for a POST the `body` and its media type; what answers are liked.

    `ports` may be led to beside 80, 443 and the address's own. `named` says that the operator named the
    address, so that it may have a password and any port.
    """

    url: str
    body: bytes | None = None
    content_type: str = ""
    accept: str = FEEDS
    ports: Collection[int] = ()
    named: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """What a source answered. `body` is None when nothing changed (304); `url` is where it was found
    after redirects; `content_type` as the server says, which need not be true. `moved` says that it was
    found there by permanent redirects alone (301, 308). `headers` are the last answer's, their names in
    small letters; several `link` ones are one."""

    url: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False

    @property
    def content_type(self) -> str:
        """What the server says that it is."""
        return self.headers.get("content-type", "")

    @property
    def etag(self) -> str | None:
        """The validator, weak or strong, as it stands (RFC 9110, 8.8.3)."""
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """The date, as it stands (RFC 9110, 8.8.2)."""
        return self.headers.get("last-modified")
