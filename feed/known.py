"""The sources that a catalogue holds, by id and by address, so that nothing comes to stand in it twice.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from feed.links import canonical
from feed.source import Source


class Known:
    """Sources that are there already; grows by those that are taken."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self.ids: dict[str, Source] = {}
        self._pages: dict[str, Source] = {}
        self._hosts: dict[str, list[Source]] = {}
        for source in sources:
            self.take(source)

    def take(self, source: Source) -> None:
        """From now on this one is there, too."""
        self.ids[source.id] = source
        self._pages[_page(source.url)] = source
        self._hosts.setdefault(_host(source.url), []).append(source)

    def clash(self, new: Source) -> str | None:
        """Why the source cannot stand beside these, in a line; None when it can."""
        if there := self.at(new.url):
            return f"{there.public_url} is in the catalogue already, as {there.id!r}"
        if there := self.ids.get(new.id):
            return f"the id {new.id!r} is in the catalogue already, for {there.public_url}"
        return None

    def at(self, url: str) -> Source | None:
        """The source at this address."""
        return self._pages.get(_page(url))

    def of_host(self, url: str) -> list[Source]:
        """The sources at the same host."""
        return self._hosts.get(_host(url), [])


def _page(url: str) -> str:
    return canonical(url) or url


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
