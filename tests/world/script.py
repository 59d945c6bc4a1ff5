"""What the government publishes while it runs: first the steps of recorded/script.toml, then for ever more.

A feed stays as it was recorded until it has been polled once, so that whoever watches it can tell what was
there from what is new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from typing import Any

from tests.world.entries import initiative_of_2024, moved, now, read_entry, read_toml
from tests.world.feeds import FEEDS
from tests.world.government import Government
from tests.world.invented import invented

Step = Mapping[str, Any]
QUIET_SECONDS = 2.0  # between a feed's first poll and what is new in it: the poll has time to be recorded


def steps(today: date) -> Iterator[Step]:
    """The recorded steps, then invented ones without end."""
    yield from read_toml("script")["step"]
    number = 0
    while True:
        feed, also, entry = invented(number, today)
        yield {"publish": feed, "also": also, "made": entry}
        number += 1


def perform(government: Government, step: Step, by: timedelta = timedelta(0)) -> str:
    """Does one step, and says in a line what was done."""
    if "revise" in step:
        feed, slug = step["revise"], step["slug"]
        changes = {name: moved(value, by) for name, value in step.get("changes", {}).items()}
        details = {name: moved(value, by) for name, value in step.get("details", {}).items()}
        entry = government.entry(feed, slug)
        government.revise(feed, slug, **changes, details={**entry.details, **details})
        return f"{feed}: edited: {entry.title}"
    if "withdraw" in step:
        feed, slug = step["withdraw"], step["slug"]
        entry = government.entry(feed, slug)
        government.withdraw(feed, slug, step["notice"])
        return f"{feed}: withdrawn: {entry.title}"
    if "initiative" in step:
        entry = initiative_of_2024()[step["initiative"]]
    else:
        entry = step["made"] if "made" in step else read_entry(step["entry"], by)
    # Everything is published as of this moment; what the initiative's text says of July 2024 stays.
    entry = replace(entry, published=now())
    for feed in feeds_of(step):
        government.publish(feed, entry)
    return f"{', '.join(feeds_of(step))}: published: {entry.title}"


def play(
    government: Government,
    stopped: Event,
    every: float,
    today: date,
    *,
    by: timedelta = timedelta(0),
    say: Callable[[str], None] = print,
) -> None:
    """Does a step every few seconds until stopped; a step whose feeds are not ready lets others pass."""
    first_polled: dict[str, float] = {}
    source = steps(today)
    waiting: list[Step] = [next(source) for _ in range(len(read_toml("script")["step"]))]
    while not stopped.wait(every):
        polled = {request.path for request in tuple(government.requests)}
        for feed in FEEDS.values():
            if feed.path in polled:
                first_polled.setdefault(feed.id, time.monotonic())
        before = time.monotonic() - QUIET_SECONDS
        ready = {feed for feed, at in first_polled.items() if at <= before}
        step = next((step for step in waiting if ready.issuperset(feeds_of(step))), None)
        if step is None and waiting:
            continue
        if step is not None:
            waiting.remove(step)
            say(perform(government, step, by))
        if not waiting:
            waiting.append(next(source))


def feeds_of(step: Step) -> list[str]:
    """The feeds that a step changes."""
    named = (step.get("publish"), step.get("revise"), step.get("withdraw"), step.get("also"))
    return [feed for feed in named if feed]
