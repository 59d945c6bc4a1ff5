"""A government that publishes: a real HTTP server on 127.0.0.1 with five feeds and the pages they link to.

    with Government() as government:
        government.publish("dsit-news", Entry(title="…", summary="…"))
        government.serve("/broken.xml", b"<rss", content_type="text/xml")

Feeds answer conditional requests as good servers do. As a process it follows the script in recorded/ and
then goes on for ever: `python -m tests.world.government --port 8027 --every 4`.
"""

from __future__ import annotations

import argparse
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from tests.world import pages
from tests.world.entries import Entry, now, read_recording, slug_of, weeks_since_recorded
from tests.world.feeds import FEEDS, sources_toml
from tests.world.stopping import until_stopped
from tests.world.web import HTML, Answer, Request, Site, http_date


class Government:
    """The server: in a `with` block it listens and answers in threads of its own."""

    def __init__(self, port: int = 0, *, empty: bool = False, moved_by: timedelta = timedelta(0)) -> None:
        """Starts with the recorded feeds, or with none of their entries where `empty`."""
        self.requests: list[Request] = []
        self._changed = threading.Condition()
        self._entries = {name: [] if empty else read_recording(name, moved_by) for name in FEEDS}
        self._pages: dict[str, tuple[str, Entry]] = {}
        self._gone: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._modified = dict.fromkeys(FEEDS, now() - timedelta(hours=1))
        for name, entries in self._entries.items():
            for entry in entries:
                self._pages[FEEDS[name].page_path(entry)] = (name, entry)
        self._site = Site(self._answer, self._note, port)
        self.port, self.url = self._site.port, self._site.url

    def __enter__(self) -> Self:
        self._site.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._site.__exit__()

    def feed_url(self, feed: str) -> str:
        """Where a feed is polled."""
        return self.url + FEEDS[feed].path

    def sources_toml(self, interval_minutes: float = 0.001) -> str:
        """A catalogue of the five feeds, to write to a file for COMMUNIQUE_SOURCES."""
        return sources_toml(self.url, interval_minutes)

    def entries(self, feed: str) -> tuple[Entry, ...]:
        """What a feed has published, newest first; it shows the first 20."""
        with self._changed:
            return tuple(self._entries[feed])

    def publish(self, feed: str, entry: Entry) -> str:
        """Puts an entry on top of a feed, and its page up; an entry without a time gets this moment's.

        Gives the page's address."""
        entry = replace(entry, published=entry.published or now(), slug=entry.slug or slug_of(entry.title))
        path = FEEDS[feed].page_path(entry)
        with self._changed:
            self._entries[feed].insert(0, entry)
            self._pages[path] = (feed, entry)
            self._touch(feed)
        return self.url + path

    def revise(self, feed: str, slug: str, **changes: Any) -> str:
        """Edits an entry and its page, in each feed that carries it: `title`, `summary`, `body`, `details` …

        Gives the page's address."""
        path = FEEDS[feed].page_path(self.entry(feed, slug))
        changes.setdefault("updated", now())
        with self._changed:
            for name, entries in self._entries.items():
                for place, entry in enumerate(entries):
                    if FEEDS[name].page_path(entry) == path:
                        edited = replace(entry, **changes)
                        del entries[place]
                        entries.insert(0 if FEEDS[name].edits_rise else place, edited)
                        self._pages[path] = (name, edited)
                        self._touch(name)
                        break
        return self.url + path

    def withdraw(self, feed: str, slug: str, notice: str = "It is no longer current.") -> str:
        """Withdraws an entry. GOV.UK marks the title and keeps the page with a notice; the others take the
        entry off the feed, and its page answers 410. Gives the page's address."""
        path = FEEDS[feed].page_path(self.entry(feed, slug))
        if FEEDS[feed].edits_rise:
            return self.revise(feed, slug, withdrawn=notice)
        with self._changed:
            self._entries[feed] = [entry for entry in self._entries[feed] if entry.slug != slug]
            self._pages.pop(path, None)
            self._gone.add(path)
            self._touch(feed)
        return self.url + path

    def entry(self, feed: str, slug: str) -> Entry:
        """One entry of a feed as it now stands."""
        return next(entry for entry in self.entries(feed) if entry.slug == slug)

    def serve(
        self,
        path: str,
        body: bytes = b"",
        content_type: str = "text/xml; charset=utf-8",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
    ) -> str:
        """Puts up a raw answer at a path (a feed's own path too), exactly as given; status 0 hangs up.

        A path with a query stands for that query only, one without for all. Gives the address."""
        with self._changed:
            self._answers[path] = Answer(body, content_type, status, headers or {}, delay)
        return self.url + path

    def restore(self, path: str) -> None:
        """Takes a raw answer down again."""
        with self._changed:
            self._answers.pop(path, None)

    def wait_for(self, predicate: Callable[[list[Request]], bool], timeout: float = 10.0) -> bool:
        """Waits until the log of requests satisfies a predicate; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: predicate(self.requests), timeout)

    def _touch(self, feed: str) -> None:
        # HTTP dates count in seconds: two changes within one must not share a Last-Modified.
        self._modified[feed] = max(now(), self._modified[feed] + timedelta(seconds=1))

    def _answer(self, path: str) -> Answer:
        """What stands at a path now: a raw answer, a feed, a page, or nothing."""
        with self._changed:
            raw = self._answers.get(path) or self._answers.get(path.partition("?")[0])
            if raw:
                return raw
            for name, feed in FEEDS.items():
                if feed.path.partition("?")[0] == path.partition("?")[0]:
                    return self._feed_answer(name)
            if path in self._pages:
                return Answer(pages.page(*self._pages[path]), HTML)
            if path == "/":
                return Answer(pages.front_page(self.url, self._entries), HTML)
            gone = path in self._gone
            return Answer(pages.missing_page(gone), HTML, status=410 if gone else 404)

    def _feed_answer(self, name: str) -> Answer:
        body = FEEDS[name].render(self.url, self._entries[name])
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            "Last-Modified": http_date(self._modified[name]),
            "Cache-Control": "max-age=0, public",
        }
        if name == "pib-delhi":
            headers["Set-Cookie"] = "ASP.NET_SessionId=local; path=/; HttpOnly"
        return Answer(body, FEEDS[name].content_type, headers=headers)

    def _note(self, request: Request) -> None:
        """Logs an answered request."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()


def main() -> None:
    """The government, publishing until it is told to stop."""
    from tests.world.script import play  # the script knows the government, not the other way round

    options = argparse.ArgumentParser(prog="python -m tests.world.government", description=__doc__)
    options.add_argument("--port", type=int, default=8027)
    options.add_argument("--every", type=float, default=4.0, metavar="SECONDS")
    asked = options.parse_args()
    today = now().date()
    by = weeks_since_recorded(today)
    with until_stopped() as stopped, Government(asked.port, moved_by=by) as government:
        print(f"publishing on {government.url}", flush=True)
        play(government, stopped, asked.every, today, by=by, say=lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
