"""The peer: lemon24/reader, a library that polls feeds, stores their entries, and tells what is new.

`python -m bench.peer FOLDER [WORKERS]` updates every feed once. The first time in a folder it only takes in
the addresses of `urls`, a line each, and updates nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from reader import make_reader


def main(folder: Path, workers: int = 1) -> None:
    """Update once, and say what came of it; or take in the addresses."""
    database = folder / "reader.db"
    fresh = not database.exists()
    with make_reader(str(database)) as reader:
        if fresh:
            for url in (folder / "urls").read_text(encoding="utf-8").split():
                reader.add_feed(url)
            return
        counts: Counter[str] = Counter(sources=0, fetched=0, not_modified=0, failed=0, entries=0)
        # As `communique poll --all`: not only those whose hour has come. update_feeds() is this loop.
        for result in reader.update_feeds_iter(scheduled=False, workers=workers):
            counts["sources"] += 1
            counts["fetched"] += result.updated_feed is not None
            counts["not_modified"] += result.not_modified
            counts["failed"] += result.error is not None
            counts["entries"] += result.updated_feed.new if result.updated_feed else 0
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
