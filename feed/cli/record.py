"""Commands about the record: log, verify, rebuild, migrate, doctor, backup, export."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.shared import current_log_db_of, fail, log_db_of, main, people_db_of, progress
from feed.settings import Settings

if TYPE_CHECKING:
    from storage.database import Database, Tx
    from storage.log import Recorded


@main.command("log")
@click.option("--after", default=0, type=click.IntRange(0, 2**62), help="Only events behind this position.")
@click.option("--type", "type_name", help="Only events of this type.")
@click.option("--limit", default=-1, type=click.IntRange(-1, 2**62), help="At most so many events.")
@click.option("--follow", is_flag=True, help="Wait for more, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One event a line, as the log has it.")
@click.pass_obj
def show_log(
    settings: Settings, after: int, type_name: str | None, limit: int, follow: bool, as_json: bool
) -> None:
    """The events, in order."""
    from storage.events import TYPES

    if type_name is not None and type_name not in TYPES:
        raise click.BadParameter(
            f"{type_name!r} is no type; it can be {', '.join(TYPES)}", param_hint="--type"
        )
    log_db = log_db_of(settings)
    try:
        for event in _events(log_db, after, type_name, limit, follow):
            click.echo(event.line() if as_json else _event_line(event))
    except KeyboardInterrupt:
        pass  # the way out of --follow


def _events(
    log_db: Database, after: int, type_name: str | None, limit: int, follow: bool
) -> Iterator[Recorded]:
    from storage import log

    while limit != 0:
        size = 1000 if limit < 0 else min(limit, 1000)
        with log_db.read() as tx:
            events = list(log.read(tx, after=after, type_name=type_name, limit=size))
        yield from events
        limit = limit - len(events) if limit > 0 else limit
        after = events[-1].position if events else after
        if len(events) < size:
            if not follow:
                return
            time.sleep(1)


def _event_line(event: Recorded) -> str:
    from storage.wording import REDACTED

    data = event.payload
    words = data.get("title") or data.get("reason") or ("" if data else REDACTED)
    return f"{event.position}  {event.recorded_at[:19]}Z  {event.type}  {event.stream}  {words}"


def _noted(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[int | None, str] | None:
    """A head that was noted earlier, as (position or None, chain)."""
    if value is None:
        return None
    found = re.fullmatch(r"(?:([0-9]{1,18}):)?([0-9a-f]{64})", value.strip().lower())
    if not found:
        raise click.BadParameter(
            f"{value[:100]!r} is no head: use POSITION:CHAIN, or CHAIN alone, which has 64 hex digits"
        )
    return int(found[1]) if found[1] else None, found[2]


@main.command()
@click.option("--against", callback=_noted, metavar="HEAD", help="Prove that the log extends a noted head.")
@click.pass_obj
def verify(settings: Settings, against: tuple[int | None, str] | None) -> None:
    """Check the whole log: positions, digests, chain, texts, triggers.

    HEAD is POSITION:CHAIN, or CHAIN alone, as pages, /feed.atom, /healthz and this command show it.
    """
    from storage import verify as checking

    log_db = log_db_of(settings)
    with progress("checking") as tell:
        head = checking.verify(log_db, tell)
    noted = None
    if against:
        position, chain = against
        noted = checking.extends(log_db, chain, position)
    click.echo(f"ok {head.position} events, head {head.chain}")
    if noted is not None:
        click.echo(f"extends the head noted at position {noted}")


@main.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Compute the read model again from the log, while others go on working."""
    from storage.rebuild import rebuild as compute

    with progress("reading events") as show:
        count = compute(log_db_of(settings), show)
    click.echo(f"rebuilt the read model from {count} events")


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring both schemas up to date; the other commands do so on first use, too."""
    for name, opened in (("log", current_log_db_of(settings)), ("people", people_db_of(settings))):
        click.echo(f"{name}: up to date, {len(opened.migrations())} steps")


@main.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check the installation: settings (secrets masked), databases, catalogue, triggers."""
    from feed import source
    from storage import log

    for name, value in settings.shown():
        click.echo(f"{name} = {value}")
    files = " and ".join(source.shown(path) for path in settings.catalogue if not path or Path(path).exists())
    click.echo(f"catalogue: {len(source.load(*settings.catalogue))} sources, from {files}")
    log_db = log_db_of(settings)
    if fallen := log_db.fallen_guards():
        fail(f"log.db: {'; '.join(fallen)}: restore a backup")
    with log_db.read() as tx:
        click.echo(f"log: {log.head(tx).position} events, the triggers stand")
        click.echo(_hubs_line(tx, settings))
    with people_db_of(settings).read():
        click.echo("people: can be read")


def _hubs_line(tx: Tx, settings: Settings) -> str:
    """How many hubs push; and why not all of those that sources name."""
    from storage import hubs
    from storage.clock import now

    pushing, known = len(hubs.pushing(tx, now())), hubs.everything(tx)
    line = f"hubs: {pushing} subscribed, {len(known) - pushing} not"
    if not settings.reachable:
        return f"{line} (none is asked: COMMUNIQUE_BASE_URL is not reachable from outside)"
    reasons = [f"{hub.source}: {hub.reason}" for hub in known if hub.reason]
    return f"{line} ({'; '.join(reasons)})" if reasons else line


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def backup(settings: Settings, folder: Path) -> None:
    """Write a consistent copy of the data to FOLDER, whole or not at all, while others go on working: both
    databases, the secret key, and the sources that were added."""
    from storage import backup as copies

    # People first: a copy of the log that is ahead loses nothing, one that is behind would.
    databases = {"people.db": people_db_of(settings), "log.db": log_db_of(settings)}
    for path in copies.write(folder, databases, [file for file in settings.files if file.exists()]):
        click.echo(f"wrote {path}")
