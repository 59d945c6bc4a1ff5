"""Many polls: side by side, and what they come to.

May not know how a source is polled: whoever asks brings that along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

from feed.poll import Outcome
from feed.turns import Due, Turns
from storage.events import AnnouncementPublished, AnnouncementRevised, Event

COUNTED = ("sources", "fetched", "not_modified", "failed", "announcements", "revised", "events")
D = TypeVar("D", bound=Due)
R = TypeVar("R")


def side_by_side(
    work: Callable[[D], R],
    these: Iterable[D],
    threads: int,
    *,
    at_once: int | None = None,
    seconds_apart: float = 0.0,
) -> Iterator[R]:
    """Poll the sources, or read the pages, side by side: of one host `at_once` (default: as many as there are
    threads), begun `seconds_apart`; what becomes of them as it comes in. Raises what the work raises."""
    results: SimpleQueue[tuple[R] | Exception] = SimpleQueue()

    def one(due: D) -> None:
        try:
            results.put((work(due),))
        except Exception as error:
            results.put(error)

    wanted = list({due.id: due for due in these}.values())
    turns = Turns(one, threads=threads, at_once=at_once or threads, seconds_apart=seconds_apart)
    turns.add(wanted)
    try:
        for _ in wanted:
            result = results.get()
            if isinstance(result, Exception):
                raise result
            yield result[0]
    finally:
        turns.close()


def counted(outcome: Outcome) -> Counter[str]:
    """What one outcome adds to the summary of `communique poll`: COUNTED."""
    return Counter({"sources": 1, outcome.status: 1}) + recorded(outcome.events)


def recorded(events: Iterable[Event]) -> Counter[str]:
    """What these events add to it."""
    kinds = Counter(type(event) for event in events)
    return Counter(
        announcements=kinds[AnnouncementPublished],
        revised=kinds[AnnouncementRevised],
        events=kinds.total(),
    )
