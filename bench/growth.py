"""What a long log costs: the same work over 10,000 events and over many, and what concerns the whole log.

`python -m bench.growth [EVENTS] [FOLDER]`: a million events without a number; in a folder that is
named the two logs stay, and need not be made again (a million take some five minutes).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench import history
from bench.conditions import Conditions, running
from bench.contenders import environment
from bench.measure import run, table

FEW, MANY = 10_000, 1_000_000
ROUNDS = 15
"""So often each thing is done over each log, in turns, so that what else the machine does strikes both."""
FEEDS = 10

PAGES = {
    "front page": "/",
    "feed of everything": "/feed.atom",
    "feed: calls about AI": "/feed.atom?kind=call&technology=ai",
    "feed: AI, GB and US": "/feed.atom?technology=ai&partners=GB-US",
    "feed: open, at least £20m": "/feed.atom?status=open&min_amount=20000000GBP",
    "search: quantum": "/?q=quantum",
    "search: research organisations": "/?q=research+organisations",
    "the log": "/events",
    "one event in the middle": "/events/{middle}",
}
"""What is asked of the pages, by name."""


def main(events: int = MANY, folder: Path | None = None) -> None:
    """Measure, and print the tables."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        logs = {count: _log(folder, Path(work), count) for count in (FEW, events)}
        # In a process of its own: a child's peak of memory begins at what its parent holds.
        subprocess.run([sys.executable, "-m", "bench.growth", "--compare", work, str(events)], check=True)
        print()
        _whole(logs)


def _log(kept: Path | None, work: Path, events: int) -> Path:
    """A folder with a log of so many events to work on: made now, or a copy of what is kept."""
    made, used = (kept or work) / str(events), work / str(events)
    if not (made / "log.db").exists():
        made.mkdir(parents=True, exist_ok=True)
        print(f"making a log of {events:,} events", file=sys.stderr, flush=True)
        # In a process of its own, so that what it held in memory is gone.
        subprocess.run([sys.executable, "-m", "bench.history", str(made), str(events)], check=True)
    if made != used:
        used.mkdir()
        shutil.copy(made / "log.db", used)
    with (used / "log.db").open("rb+") as file:
        os.fsync(file.fileno())  # else the first to commit pays for what the copy left in memory
    return used


def _compare(work: Path, many: int) -> None:
    logs = {count: work / str(count) for count in (FEW, many)}
    figures: dict[str, dict[int, list[float]]] = {}
    with running() as server:
        places = {count: _Place(folder, count, server.base) for count, folder in logs.items()}
        for number in range(ROUNDS + 1):
            server.show(Conditions(FEEDS, changed=FEEDS, new=number))
            for count, place in places.items():
                for name, do in place.things().items():
                    taken = _cpu(do)
                    if number:  # the first time warms up
                        figures.setdefault(name, {}).setdefault(count, []).append(taken)
        for place in places.values():
            place.close()
    lines = []
    for name, found in figures.items():
        few, long = (statistics.median(found[count]) * 1000 for count in (FEW, many))
        lines.append([name, f"{few:.2f}", f"{long:.2f}", f"{long / few:.2f}"])
    print("### Growth: the same over a short and a long log\n")
    table(
        f"CPU milliseconds, medians of {ROUNDS}, in one process",
        ["", f"{FEW:,} events", f"{many:,} events", "ratio"],
        lines,
    )


class _Place:
    """An installation over a log, and what is done with it."""

    def __init__(self, folder: Path, events: int, feeds: str) -> None:
        from feed import poll
        from feed.app import create_app
        from feed.fetch import Fetcher
        from feed.settings import Settings
        from feed.source import Source
        from storage.database import open_database
        from storage.rebuild import bring_up_to_date

        (folder / "sources.toml").write_text("", encoding="utf-8")
        settings = Settings(
            log_url=f"sqlite:///{folder}/log.db",
            people_url=f"sqlite:///{folder}/people.db",
            sources=str(folder / "sources.toml"),
            base_url="http://127.0.0.1:8000",
            smtp_url="",
            secret="for the benchmark only",
            allow_private_networks=True,
            threads=1,
        )
        self._log_db = open_database(settings.log_url, "log")
        bring_up_to_date(self._log_db)
        self._client = create_app(settings).test_client()
        self._middle = events // 2
        self._fetcher = Fetcher(contact=settings.base_url, allow_private_networks=True)
        self._sources = [
            Source(id=f"feed-{number}", name="Feed", url=f"{feeds}/{number}", country="GB", body="Office")
            for number in range(FEEDS)
        ]
        poll.prepare(self._log_db, self._sources)
        self._number = 0

    def things(self) -> dict[str, Callable[[], object]]:
        """What is measured, by name."""
        pages = {name: self._page(path.format(middle=self._middle)) for name, path in PAGES.items()}
        polling = {f"poll {FEEDS} feeds, one new entry each": self._poll}
        return {"append and apply 100 events": self._append(), **polling, **pages}

    def close(self) -> None:
        self._log_db.close()

    def _page(self, path: str) -> Callable[[], object]:
        def ask() -> None:
            answer = self._client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status}")

        return ask

    def _append(self) -> Callable[[], object]:
        from storage import effects, log

        self._number += 1
        polls = history.Past(datetime.now(UTC), place=2_000_000 + 200 * self._number).polls()
        events = [event for _ in range(100) for event in next(polls)[1]][:100]

        def append() -> None:
            with self._log_db.write() as tx:
                for recorded in log.append(tx, events, datetime.now(UTC)):
                    effects.apply(tx, recorded)

        return append

    def _poll(self) -> None:
        from feed import poll

        for source in self._sources:
            outcome = poll.poll(self._log_db, self._fetcher, source)
            if outcome.status == "failed":
                raise RuntimeError(outcome.reason)


def _cpu(do: Callable[[], object]) -> float:
    started = time.process_time()
    do()
    return time.process_time() - started


def _whole(logs: Mapping[int, Path]) -> None:
    """What reads the whole log, each in a process of its own."""
    lines = []
    for command in ("verify", "rebuild"):
        for count, folder in logs.items():
            usage = run(
                [str(Path(sys.executable).parent / "communique"), command], environment(folder), folder
            )
            per = usage.cpu / count * 1_000_000
            cells = [f"{usage.cpu:.1f}", f"{usage.wall:.1f}", f"{per:.0f}", f"{usage.peak:.0f}"]
            lines.append([f"communique {command}, {count:,} events", *cells])
        print(f"{command} measured", file=sys.stderr, flush=True)
    for count, folder in logs.items():
        usage = run(
            [sys.executable, "-m", "bench.growth", "--floor", str(folder)], environment(folder), folder
        )
        cells = [
            f"{usage.cpu:.1f}",
            f"{usage.wall:.1f}",
            f"{usage.cpu / count * 1e6:.0f}",
            f"{usage.peak:.0f}",
        ]
        lines.append([f"floor: read and digest every row, {count:,} events", *cells])
    table("The whole log", ["", "CPU s", "wall s", "CPU µs per event", "MB at most"], lines)


def _floor(folder: Path) -> None:
    """The least that a check can do: SQLite hands every row out, and its data goes through SHA-256."""
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        count = sum(
            hashlib.sha256(row[5].encode()).hexdigest() == row[6]
            for row in connection.execute("SELECT * FROM events ORDER BY position")
        )
    print(f"{count} events")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        _floor(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--compare"]:
        _compare(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else MANY,
            Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        )
