"""The command that polls."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from feed.cli.shared import current_log_db_of, fetcher_of, log_db_of, main, manners
from feed.settings import Settings

if TYPE_CHECKING:
    from feed.poll import Outcome
    from feed.source import Source
    from storage.database import Database
    from storage.events import Event
    from storage.visits import Visit

MOST_PAGES = 200
"""So many linked pages that were left for later are read by one command."""


@main.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Poll all sources, due or not (but never before a Retry-After, never an ended one).",
)
@click.option("--dry-run", is_flag=True, help="Print the events that would be recorded; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON.")
@click.pass_obj
def poll(settings: Settings, ids: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool) -> None:
    """Poll once what is due, or the named sources, and wait until done."""
    from feed import closing, rounds, source, visits
    from feed import poll as polling
    from feed.visitor import Visitor
    from storage import cursors
    from storage.clock import now

    sources = source.load(*settings.catalogue)
    if unknown := [key for key in ids if key not in sources]:
        raise click.UsageError(f"there is no source {', '.join(unknown)}; `communique sources` lists them")
    log_db = log_db_of(settings) if dry_run else current_log_db_of(settings)
    only_due = not (everything or ids or dry_run)
    if not dry_run:
        polling.prepare(log_db, sources.values())
    with log_db.read() as tx:
        waiting = cursors.waiting(tx, now(), named=ids or None, due=only_due)
        known = {cursor.source for cursor in cursors.everything(tx)}
    chosen = [sources[key] for key in waiting if key in sources]
    if dry_run:  # a source that was never polled has no cursor yet
        chosen += [item for key, item in sources.items() if key not in known and (not ids or key in ids)]
    for key in ids:
        if key not in {item.id for item in chosen}:
            _say_why_not(log_db, key, as_json)
    fetcher = fetcher_of(settings)
    visitor = Visitor(fetcher, seconds_apart=settings.host_seconds)

    def poll_one(watched: Source) -> Outcome:
        return (polling.rehearse if dry_run else polling.poll)(log_db, fetcher, watched, visitor=visitor)

    def visit_one(due: Visit) -> tuple[Event, ...]:
        return visits.read_later(log_db, visitor, sources[due.source], due)

    asked = {key: sources[key] for key in ids} if ids else sources
    left = visits.due(log_db, asked, early=True, limit=MOST_PAGES) if everything and not dry_run else []
    total: Counter[str] = Counter()
    if not dry_run:
        visits.plan_unplanned(log_db, sources, now())
    for outcome in rounds.side_by_side(poll_one, chosen, **manners(settings)):
        total += rounds.counted(outcome)
        _print_outcome(outcome, dry_run, as_json)
    # What is left of pages: each is asked for at most once, so that a command comes to an end.
    left += [] if dry_run else visits.due(log_db, asked, limit=MOST_PAGES)
    for events in rounds.side_by_side(visit_one, left, **manners(settings)):
        total += rounds.recorded(events)
    if not dry_run:
        total += rounds.recorded(closing.close_passed(log_db, now()))
    counted = {name: total[name] for name in rounds.COUNTED}
    if as_json:
        click.echo(json.dumps(counted))
    else:
        click.echo(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counted.items()))


def _say_why_not(log_db: Database, key: str, as_json: bool) -> None:
    """A named source that is left alone: ended, in another worker's hands, or before its Retry-After."""
    from storage import cursors

    with log_db.read() as tx:
        cursor = cursors.get(tx, key)
    reason = "another worker is polling it"
    if cursor and cursor.health == "ended":
        reason = f"it has ended: {cursor.reason}"
    elif cursor and cursor.not_before:
        reason = f"it asked to be left alone until {cursor.not_before}"
    line = {"source": key, "status": "skipped", "reason": reason}
    click.echo(json.dumps(line) if as_json else f"{key}: skipped: {reason}")


def _print_outcome(outcome: Outcome, dry_run: bool, as_json: bool) -> None:
    from storage.encoding import to_data

    if outcome.status == "failed" or outcome.reason:
        line = {"source": outcome.source, "status": outcome.status, "reason": outcome.reason}
        click.echo(json.dumps(line) if as_json else f"{outcome.source}: {outcome.status}: {outcome.reason}")
    for event in outcome.events if dry_run else ():
        name, data = type(event).__name__, to_data(event)
        if as_json:
            click.echo(json.dumps({"stream": event.stream, "type": name, "data": data}, ensure_ascii=False))
        else:
            click.echo(f"{outcome.source}: {name}: {data.get('title', data.get('reason', ''))}")
