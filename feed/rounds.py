"""Many polls: side by side, and what they come to.

May not know how a source is polled: whoever asks brings that along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

from feed.poll import Outcome
from feed.source import Source
from feed.turns import Turns
from storage.events import AnnouncementPublished, AnnouncementRevised

COUNTED = ("sources", "fetched", "not_modified", "failed", "announcements", "revised", "events")


def poll_many(
    poll_one: Callable[[Source], Outcome],
    sources: Sequence[Source],
    threads: int,
    *,
    at_once: int | None = None,
    seconds_apart: float = 0.0,
) -> Iterator[Outcome]:
    """Poll the sources side by side, of one host `at_once` (default: as many as there are threads), begun
    `seconds_apart`; their outcomes as they come in. Raises what a poll raises."""
    outcomes: SimpleQueue[Outcome | Exception] = SimpleQueue()

    def work(source: Source) -> None:
        try:
            outcomes.put(poll_one(source))
        except Exception as error:
            outcomes.put(error)

    sources = list({source.id: source for source in sources}.values())
    turns = Turns(work, threads=threads, at_once=at_once or threads, seconds_apart=seconds_apart)
    turns.add(sources)
    try:
        for _ in sources:
            outcome = outcomes.get()
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        turns.close()


def counted(outcome: Outcome) -> Counter[str]:
    """What one outcome adds to the summary of `communique poll`: COUNTED."""
    kinds = Counter(type(event) for event in outcome.events)
    return Counter(
        {
            "sources": 1,
            outcome.status: 1,
            "announcements": kinds[AnnouncementPublished],
            "revised": kinds[AnnouncementRevised],
            "events": len(outcome.events),
        }
    )
