"""`communique poll` over 100 feeds on a local server, beside a bare fetch-and-feedparser loop.

Half of the feeds are Atom, half RSS, 20 entries each, of about 11 and 62 KB.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.measure import cpu_seconds, median, table

FEEDS = 100
ENTRIES = 20
RUNS = 3
WORDS = "The committee considered the report on roads, bridges and harbours in its meeting of this week. "


class Feeds(BaseHTTPRequestHandler):
    """Feed N at /N. `edition` counts up when one entry of every feed is new; `validators` can be kept."""

    protocol_version = "HTTP/1.1"
    edition = 0
    validators = True

    def do_GET(self) -> None:
        """Answer with the feed, or 304."""
        body = _feed(int(self.path.strip("/")), self.edition)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        unchanged = self.validators and self.headers.get("If-None-Match") == etag
        self.send_response(304 if unchanged else 200)
        if self.validators:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", "0" if unchanged else str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if unchanged else body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Print the table."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    ours: dict[str, list[float]] = {}
    for _ in range(RUNS):
        for row, seconds in _measure(base):
            ours.setdefault(row, []).append(seconds)
    urls = [f"{base}/{number}" for number in range(FEEDS)]
    environment = dict(os.environ)
    floor = [cpu_seconds([sys.executable, "-m", "bench.bare", *urls], environment) for _ in range(RUNS)]
    empty = [cpu_seconds([sys.executable, "-c", "import feedparser"], environment) for _ in range(RUNS)]
    server.shutdown()
    rows = [[row, median(seconds), median(floor)] for row, seconds in ours.items()]
    rows.append(["starting up", "", median(empty)])
    head = ["CPU seconds, whole process", "communique poll", "bare fetch + feedparser"]
    table(f"Polling {FEEDS} feeds, medians of {RUNS} runs", head, rows)


def _measure(base: str) -> list[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder), base)
        command = [str(Path(sys.executable).parent / "communique"), "poll", "--all"]
        Feeds.validators = True
        measured = [("first poll of everything", cpu_seconds(command, environment))]
        measured.append(("unchanged, 304", cpu_seconds(command, environment)))
        Feeds.validators = False
        measured.append(("unchanged, sent whole", cpu_seconds(command, environment)))
        Feeds.edition += 1
        measured.append(("one new entry in every feed", cpu_seconds(command, environment)))
        return measured


def _environment(folder: Path, base: str) -> dict[str, str]:
    sources = "".join(
        f'[[source]]\nid = "s{number}"\nname = "Feed {number}"\nurl = "{base}/{number}"\n'
        'country = "GB"\nbody = "DSIT"\n'
        for number in range(FEEDS)
    )
    (folder / "sources.toml").write_text(sources, encoding="utf-8")
    return {
        **os.environ,
        "COMMUNIQUE_LOG_URL": f"sqlite:///{folder}/log.db",
        "COMMUNIQUE_PEOPLE_URL": f"sqlite:///{folder}/people.db",
        "COMMUNIQUE_SOURCES": str(folder / "sources.toml"),
        "COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1",
    }


def _feed(number: int, edition: int) -> bytes:
    entries = [(f"{number}-{edition + ENTRIES - place}") for place in range(ENTRIES)]
    if number % 2:
        written = "".join(
            f"<item><title>Report {key} on roads</title><link>https://gov.example/{key}</link>"
            f"<guid>https://gov.example/{key}</guid><description>{WORDS * 30}</description></item>"
            for key in entries
        )
        head = "<title>News</title><link>https://gov.example/</link><description>News</description>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{written}</channel></rss>'.encode()
    written = "".join(
        f"<entry><id>tag:gov.example,2026:{key}</id><title>Report {key} on roads</title>"
        f'<updated>2026-11-23T10:00:00Z</updated><link href="https://gov.example/{key}"/>'
        f"<summary>{WORDS * 3}</summary></entry>"
        for key in entries
    )
    head = "<id>tag:gov.example,2026:feed</id><title>News</title><updated>2026-11-23T10:00:00Z</updated>"
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{written}</feed>'.encode()
