"""The floor: fetch every feed and give it to feedparser. Of what it shows nothing is kept, only ETags.

`python -m bench.bare FOLDER [THREADS]`: FOLDER holds `urls`, a line each, and `etags.json` after the first
poll. Without THREADS, one after the other. It keeps its connection, as the others do.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import feedparser

SECONDS = 30.0

_connections = threading.local()


def main(folder: Path, threads: int = 1) -> None:
    """Poll once, and say what came of it."""
    kept = folder / "etags.json"
    etags: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    counts: Counter[str] = Counter(sources=0, fetched=0, not_modified=0, failed=0, entries=0)
    urls = (folder / "urls").read_text(encoding="utf-8").split()
    for outcome in _each(lambda url: _poll(url, etags), urls, threads):
        counts.update(outcome)
    kept.write_text(json.dumps(etags), encoding="utf-8")
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))


def _each(
    poll: Callable[[str], dict[str, int]], urls: Iterable[str], threads: int
) -> Iterator[dict[str, int]]:
    if threads == 1:
        yield from map(poll, urls)
        return
    from concurrent.futures import ThreadPoolExecutor  # what one thread need not load

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(poll, urls)


def _poll(url: str, etags: dict[str, str]) -> dict[str, int]:
    status, etag, body = _fetch(url, {"If-None-Match": etags[url]} if url in etags else {})
    if status == 304:
        return {"sources": 1, "not_modified": 1}
    if status != 200:
        return {"sources": 1, "failed": 1}
    if etag:
        etags[url] = etag
    return {"sources": 1, "fetched": 1, "entries": len(feedparser.parse(BytesIO(body)).entries)}


def _fetch(url: str, headers: dict[str, str]) -> tuple[int, str | None, bytes]:
    parts = urlsplit(url)
    connection = getattr(_connections, parts.netloc, None)
    if connection is None:
        connection = HTTPConnection(parts.netloc, timeout=SECONDS)
        setattr(_connections, parts.netloc, connection)
    connection.request("GET", parts.path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers["ETag"], answer.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
