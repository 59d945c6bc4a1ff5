"""What a server is asked for.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

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
