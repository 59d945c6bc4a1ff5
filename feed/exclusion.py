"""What a robots.txt says to us (RFC 9309). The only module that may import protego.

Pure: no clock, no network, no database. May not decide what is asked for although no rule forbids it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from protego import Protego

from feed.links import clean
from feed.question import PRODUCT

READ_BYTES = 500 * 1024
"""So much of a robots.txt is read, the least that RFC 9309 asks for (2.5)."""

_AGENT = re.compile(r"\s*user[\s-]*agent\s*(?::|\s|$)\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one site, as far as they are about us."""

    _read: Protego
    known: bool = True
    """False: the site did not say, and so nothing may be read for now."""

    def allows(self, url: str) -> bool:
        """Whether the page at this address of the site may be read; never for what is no web address."""
        try:
            return bool(clean(url)) and self._read.can_fetch(url, PRODUCT)
        except ValueError:
            return False

    @property
    def delay(self) -> float | None:
        """The seconds between two requests that the site asks for (Crawl-delay, not in the RFC)."""
        return self._read.crawl_delay(PRODUCT)


def read(body: bytes) -> Rules:
    """The rules in a robots.txt. What cannot be understood in it is no rule."""
    text = body[:READ_BYTES].decode("utf-8-sig", "replace")
    lines = text.splitlines()
    if len(body) > READ_BYTES:
        del lines[-1:]  # half a path would forbid more than the whole
    return Rules(Protego.parse("\n".join(_addressed(lines))))


def address(url: str) -> str | None:
    """Where the robots.txt for a page stands (RFC 9309, 2.3); None for what is no web address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or not clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"):
        return None
    host = f"[{host}]" if ":" in host else host
    known = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}{'' if port in (None, known) else f':{port}'}/robots.txt"


def _addressed(lines: list[str]) -> Iterator[str]:
    """The lines, with every group addressed to us, to all ('*') or to somebody else.

    protego takes the beginning of our name for our name, and needs as much time and memory as there are
    groups times rules: a few hundred kilobytes could stop us. With three names neither can happen.
    """
    for line in lines:
        found = _AGENT.match(line.partition("#")[0])
        if not found:
            yield line
            continue
        name = re.match(r"\*(?!\S)|[A-Za-z_-]*", found[1].strip())
        named = name[0].lower() if name else ""
        yield f"User-agent: {named if named in ('*', PRODUCT.lower()) else 'somebody-else'}"


EVERYTHING = read(b"")
"""All pages may be read."""
NOTHING = read(b"User-agent: *\nDisallow: /")
"""No page may be read."""
UNKNOWN = replace(NOTHING, known=False)
"""No page may be read for now, since the site's rules cannot be had."""
