"""`communique poll --all` beside a bare feedparser loop and reader: CPU, waiting and memory.

All on one local server, in a process of its own. docs/performance.md tells how to read the tables.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench import rows
from bench.conditions import Server, running
from bench.contenders import BARE, BARE_THREADS, OURS, READER, READER_WORKERS, poll, settle
from bench.measure import Usage, middle, table
from bench.rows import Row

LEAST = 0.005
"""Below this many seconds, a figure is noise, and no ratio is told."""

Figures = Mapping[tuple[str, str], Usage]


def main(runs: int) -> None:
    """Measure, and print the tables."""
    measured: dict[tuple[str, str], list[Usage]] = {}
    with tempfile.TemporaryDirectory() as folder, running() as server:
        states = _States(Path(folder), server)
        for number in range(1, runs + 1):
            for row in rows.EVERY:
                if row.once and number > 1:
                    continue
                print(f"run {number} of {runs}: {row.title}", file=sys.stderr, flush=True)
                server.show(row.conditions)
                for contender in row.contenders:
                    measured.setdefault((row.title, contender), []).append(states.measure(row, contender))
    _print({key: middle(usages) for key, usages in measured.items()}, runs)


class _States:
    """The folders that contenders start from: with the addresses alone, or as a first poll left them."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server

    def measure(self, row: Row, contender: str) -> Usage:
        """One poll, from a copy of the state that the row asks for."""
        feeds = row.conditions.feeds
        known, polled = self._of(contender, feeds, "known"), self._of(contender, feeds, "polled")
        if not known.exists():
            settle(contender, known, [f"{self._server.base}/{number}" for number in range(feeds)])
        if not row.first and not polled.exists():
            # The row of the first poll did not come by: that of the empty program has none.
            shutil.copytree(known, polled)
            poll(contender, polled)
        work = self._folder / "work"
        shutil.copytree(known if row.first else polled, work)
        usage = poll(contender, work)
        row.check(contender, usage.counts)
        if row.first and not row.conditions.rough and not polled.exists():
            work.rename(polled)
        else:
            shutil.rmtree(work)
        return usage

    def _of(self, contender: str, feeds: int, state: str) -> Path:
        # Threads change nothing in what is kept.
        kept_by = {BARE_THREADS: BARE, READER_WORKERS: READER}.get(contender, contender)
        return self._folder / f"{kept_by}-{feeds}-{state}"


def _print(figures: Figures, runs: int) -> None:
    import platform  # not before: what this process holds counts in the peaks of its children
    from importlib.metadata import version

    print("### Polling: `communique poll --all`, a bare feedparser loop, and reader\n")
    machine = f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}"
    libraries = f"feedparser {version('feedparser')}, reader {version('reader')}"
    print(f"{machine}, {libraries}. {f'Medians of {runs} runs' if runs > 1 else 'One run'}.\n")
    _print_cpu(figures)
    print()
    _print_waiting(figures)
    print()
    _print_memory(figures)


def _print_cpu(figures: Figures) -> None:
    head = ["CPU seconds", OURS, BARE, READER, f"{OURS} / bare", f"{OURS} / reader"]
    empty = {name: figures[rows.EMPTY.title, name].cpu for name in rows.ALL}
    lines = []
    for row in rows.CPU:
        whole = {name: figures[row.title, name].cpu for name in rows.ALL}
        work = {name: whole[name] - empty[name] for name in rows.ALL}
        cells = [f"{whole[name]:.2f} ({_seconds(work[name])})" for name in rows.ALL]
        ratios = [
            f"{_ratio(whole[OURS], whole[name])} ({_ratio(work[OURS], work[name])})"
            for name in (BARE, READER)
        ]
        lines.append([row.title, *cells, *ratios])
    table(
        "User and system seconds of the whole process (and without those of the empty program)", head, lines
    )


def _print_waiting(figures: Figures) -> None:
    head = ["Wall seconds", OURS, BARE, BARE_THREADS, "reader", f"{OURS} / bare", f"{OURS} / reader"]
    lines = []
    for row in rows.WAITING:
        reader = READER if READER in row.contenders else READER_WORKERS
        bare = BARE if BARE_THREADS not in row.contenders else BARE_THREADS
        found = {name: figures[row.title, name] for name in row.contenders}
        cells = [
            f"{found[name].wall:.2f} ({found[name].cpu:.2f})" if name in found else "–"
            for name in (OURS, BARE, BARE_THREADS, reader)
        ]
        ratios = [_ratio(found[OURS].wall, found[name].wall) for name in (bare, reader)]
        title = f"{row.title} (reader: 10 workers)" if reader == READER_WORKERS else row.title
        lines.append([title, *cells, *ratios])
    table("Seconds from start to end (and CPU seconds among them)", head, lines)


def _print_memory(figures: Figures) -> None:
    lines = [
        [row.title, *(f"{figures[row.title, name].peak:.0f}" for name in rows.ALL)] for row in rows.MEMORY
    ]
    table("Peak resident memory", ["MB", *rows.ALL], lines)


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value >= LEAST else "–"


def _ratio(ours: float, theirs: float) -> str:
    if min(ours, theirs) < LEAST:
        return "–"
    ratio = ours / theirs
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"
