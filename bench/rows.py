"""The rows of the benchmark: what is served, from where each contender starts, what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.conditions import ENTRIES, Conditions
from bench.contenders import BARE, BARE_THREADS, OURS, READER, READER_WORKERS

FEEDS, MANY = 200, 1_000
ALL = (OURS, BARE, READER)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `first`: from an empty folder, else from the folder that a first poll left behind. `once`:
    it takes long, and is measured in the first run only."""

    title: str
    conditions: Conditions
    first: bool = False
    once: bool = False
    contenders: tuple[str, ...] = ALL

    def check(self, contender: str, counts: Mapping[str, int]) -> None:
        """Raise RuntimeError where a contender did not do what the row measures."""
        shown = self.conditions
        if counts.get("sources") != shown.feeds:
            raise RuntimeError(f"{contender}, {self.title}: asked {counts.get('sources')} feeds")
        if shown.rough:
            return  # each contender draws its own line between a bad feed and none
        fetched = shown.feeds if self.first or not shown.validators else shown.changed
        new = shown.feeds * ENTRIES if self.first else shown.changed
        found, expected = {
            OURS: (counts.get("announcements"), new),
            READER: (counts.get("entries"), new),
            READER_WORKERS: (counts.get("entries"), new),
        }.get(contender, (counts.get("fetched"), fetched))
        if counts.get("failed") or found != expected:
            raise RuntimeError(f"{contender}, {self.title}: {dict(counts)}, expected {expected}")


EMPTY = Row("empty program", Conditions())
ROUGH = Row("rough weather, first poll of 200 feeds", Conditions(FEEDS, rough=True), first=True)
SLOW = Row(
    "200 feeds, nothing new: 304 after 50 ms",
    Conditions(FEEDS, delay=0.05),
    contenders=(OURS, BARE, BARE_THREADS, READER_WORKERS),
)
FIRST = Row("first poll of 200 feeds", Conditions(FEEDS), first=True)
FIRST_OF_MANY = Row("first poll of 1,000 feeds (one run)", Conditions(MANY), first=True, once=True)
MANY_UNCHANGED = Row("1,000 feeds, nothing new: 304", Conditions(MANY))
CPU = (
    EMPTY,
    FIRST,
    Row("200 feeds, nothing new: 304", Conditions(FEEDS)),
    Row("200 feeds, nothing new, but sent whole", Conditions(FEEDS, validators=False)),
    Row("200 feeds, one new entry in 2 of them (1 %), else 304", Conditions(FEEDS, changed=2)),
    Row("200 feeds, one new entry in each (100 %)", Conditions(FEEDS, changed=FEEDS)),
    FIRST_OF_MANY,
    MANY_UNCHANGED,
    ROUGH,
)
WAITING = (SLOW, ROUGH)
MEMORY = (EMPTY, FIRST, FIRST_OF_MANY, MANY_UNCHANGED, ROUGH)
EVERY = (*CPU, SLOW)
