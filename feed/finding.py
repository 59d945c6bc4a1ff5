"""From an address that an operator gives to the feeds behind it: asks, and reads a page for where they are.

Pages are read as robots.txt allows. May not write anything, nor choose among several feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from feed import discover, walls
from feed.adapters import adapter
from feed.discover import Link
from feed.errors import BotWall, NotAFeed, SourceError, SourceGone, UnderMaintenance
from feed.fetch import Fetcher
from feed.links import public
from feed.parse import Feed
from feed.question import Question, Response
from feed.robots import Robots


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was read. `url` is where it stands for good: behind permanent redirects, but not behind
    others."""

    url: str
    feed: Feed


@dataclass(frozen=True, slots=True)
class Several:
    """A page's feeds, to choose from."""

    page: str
    feeds: tuple[Link, ...]


def find(fetcher: Fetcher, robots: Robots, url: str) -> Found | Several:
    """The feed at the address, or those of the page there.

    Raises SourceError, with what stands in the way, when there is none.
    """
    answer = fetcher.get(Question(url))
    try:
        return _found(url, answer)
    except SourceGone:
        raise
    except SourceError as error:
        if walls.what_stands_there(answer.body or b"") is None:
            raise
        return _behind(fetcher, robots, answer, error)


def read(fetcher: Fetcher, url: str, kind: str = "feed", *, ports: Sequence[int] = (), named: bool) -> Found:
    """The feed at the address, as sources of this kind are read; `named`: by the operator, not by a page.

    Raises SourceError.
    """
    question = replace(adapter(kind).question(url), ports=ports, named=named)
    return _found(url, fetcher.get(question), kind)


def _found(url: str, answer: Response, kind: str = "feed") -> Found:
    read_new = adapter(kind).read
    feed = read_new(answer.body or b"", frozenset(), url=answer.url, content_type=answer.content_type)
    # A new address has no password: whether it needs one is not known.
    return Found(answer.url if answer.moved and public(url) == url else url, feed)


def _behind(fetcher: Fetcher, robots: Robots, page: Response, error: SourceError) -> Found | Several:
    """The feeds of a page: those that it declares, else what can be read of its links, else of the usual
    places. A page may bear the marks of a bot wall and still be one, so its words come first."""
    ports = ports_of(page.url)
    if not robots.allows(page.url, ports=ports):
        host = urlsplit(page.url).hostname
        raise SourceError(
            f"the robots.txt of {host} asks programs not to read this page: name the feed itself"
        )
    links = discover.links(page.body or b"", url=page.url, content_type=page.content_type)
    if links.declared:
        return _one_or_several(fetcher, page.url, links.declared)
    if isinstance(error, BotWall | UnderMaintenance):
        raise error
    tries = _Tries(fetcher, robots, ports)
    if linked := tuple(tries.feeds(links.linked)):
        return linked[0] if len(linked) == 1 else Several(page.url, tuple(map(_link, linked)))
    if first := next(tries.feeds(discover.usual(page.url)), None):
        return first
    raise NotAFeed(f"no feed was found: the page declares none, and {tries.told()}")


def _one_or_several(fetcher: Fetcher, page: str, declared: tuple[Link, ...]) -> Found | Several:
    if len(declared) > 1:
        return Several(page, declared)
    try:
        return read(fetcher, declared[0].url, ports=ports_of(page), named=False)
    except SourceError as error:
        raise NotAFeed(f"the page declares the feed {declared[0].url}, but: {error}") from error


def ports_of(page: str) -> tuple[int, ...]:
    """The ports that the links of a page may lead to beside 80 and 443: its own."""
    port = urlsplit(page).port
    return (port,) if port else ()


def _link(found: Found) -> Link:
    return Link(found.url, found.feed.title)


class _Tries:
    """Addresses where a feed may be, asked one after the other, each once."""

    def __init__(self, fetcher: Fetcher, robots: Robots, ports: Sequence[int]) -> None:
        self._fetcher, self._robots, self._ports = fetcher, robots, ports
        self._asked: set[str] = set()
        self._closed = 0
        self._wall: SourceError | None = None

    def feeds(self, links: Sequence[Link]) -> Iterator[Found]:
        """What is a feed of them. What stands there may be a page, so robots.txt is asked."""
        for link in links:
            if link.url in self._asked:
                continue
            self._asked.add(link.url)
            if not self._robots.allows(link.url, ports=self._ports):
                self._closed += 1
                continue
            try:
                yield read(self._fetcher, link.url, ports=self._ports, named=False)
            except (BotWall, UnderMaintenance) as error:
                self._wall = error
            except SourceError:
                pass  # nothing was promised

    def told(self) -> str:
        """How it went, when none was one."""
        words = f"none of the {len(self._asked)} likely addresses is one"
        if self._closed:
            words += f" ({self._closed} of them closed to programs by robots.txt)"
        return f"{words}; {self._wall}" if self._wall else words
