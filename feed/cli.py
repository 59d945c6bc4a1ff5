"""Wiring: the command `communique`. Each command loads what it needs, so that all of them start quickly.

One of three modules that may import both feed and notifier. Only this one prints.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from feed import settings as settings_module
from feed.settings import Settings, SettingsError
from storage.errors import StorageError

if TYPE_CHECKING:
    from feed.poll import Outcome
    from feed.source import Source
    from storage.database import Database
    from storage.log import Recorded


class Commands(click.Group):
    """Commands whose failures are one clear line and exit status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the house raises becomes a line on standard error."""
        try:
            return super().invoke(ctx)
        except (SettingsError, StorageError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # Whoever read our output has enough of it.
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
@click.version_option(package_name="communique")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Watches what governments announce, and tells the people who need to know."""
    ctx.obj = ctx.obj or settings_module.load()


@main.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option(
    "--all", "everything", is_flag=True, help="Poll all sources, whether their time has come or not."
)
@click.option("--dry-run", is_flag=True, help="Print the events that would be recorded; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON.")
@click.pass_obj
def poll(settings: Settings, ids: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool) -> None:
    """Poll once what is due, or the named sources, and wait until done."""
    from feed import poll as polling
    from feed import source
    from feed.fetch import Fetcher
    from storage import cursors
    from storage.clock import now

    sources = source.load(settings.sources)
    if unknown := [key for key in ids if key not in sources]:
        raise click.UsageError(f"there is no source {', '.join(unknown)}; `communique sources` lists them")
    log_db = _log_db(settings)
    only_due = not (everything or ids or dry_run)
    if not dry_run:
        polling.prepare(log_db, sources.values())
    with log_db.read() as tx:
        waiting = cursors.waiting(tx, now(), named=ids or None, due=only_due)
        known = {cursor.source for cursor in cursors.everything(tx)}
    chosen = [sources[key] for key in waiting if key in sources]
    if dry_run:  # a source that was never polled has no cursor yet
        chosen += [item for key, item in sources.items() if key not in known and (not ids or key in ids)]
    fetcher = Fetcher(
        contact=settings.base_url,
        allow_private_networks=settings.allow_private_networks,
        threads=settings.threads,
    )

    def poll_one(watched: Source) -> Outcome:
        return (polling.rehearse if dry_run else polling.poll)(log_db, fetcher, watched)

    outcomes = []
    for outcome in polling.poll_many(poll_one, chosen, settings.threads):
        outcomes.append(outcome)
        _print_outcome(outcome, dry_run, as_json)
    counted = polling.counted(outcomes)
    if as_json:
        click.echo(json.dumps(counted))
    else:
        click.echo(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counted.items()))


def _print_outcome(outcome: Outcome, dry_run: bool, as_json: bool) -> None:
    from storage.events import to_data

    if outcome.status == "failed" or outcome.reason:
        line = {"source": outcome.source, "status": outcome.status, "reason": outcome.reason}
        click.echo(json.dumps(line) if as_json else f"{outcome.source}: {outcome.status}: {outcome.reason}")
    for event in outcome.events if dry_run else ():
        name, data = type(event).__name__, to_data(event)
        if as_json:
            click.echo(json.dumps({"stream": event.stream, "type": name, "data": data}, ensure_ascii=False))
        else:
            click.echo(f"{outcome.source}: {name}: {data.get('title', data.get('reason', ''))}")


@main.command()
@click.pass_obj
def work(settings: Settings) -> None:
    """The worker: polls, notifies and keeps house, until SIGTERM."""
    from feed import worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    worker.run(settings)


@main.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def web(settings: Settings, port: int) -> None:
    """The web process for development; production runs gunicorn, as in Procfile."""
    from feed.app import create_app

    create_app(settings).run(host="127.0.0.1", port=port, threaded=True)


@main.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent; write and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON.")
@click.pass_obj
def deliver(settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Match what is new and deliver what is due, once."""
    from feed.worker import letterhead
    from notifier import deliver as delivering
    from notifier.channels import open_channel
    from storage import outbox

    log_db, people_db = _log_db(settings), _people_db(settings)
    sent = failed = 0
    if dry_run:
        owed = delivering.rehearse(log_db, people_db)
        matched = len(owed)
        for item in owed:
            line = {"to": item.subscription.email, "position": item.entry.event.position}
            line |= {"type": item.entry.event.type, "title": item.entry.subject.title}
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else _pairs(line))
    else:
        matched = delivering.match_new(log_db, people_db)
        channel = open_channel(settings.smtp_url)
        sent, failed = delivering.deliver_due(log_db, people_db, channel, letterhead(settings))
    with people_db.read() as tx:
        pending = outbox.pending(tx)
    summary = {"matched": matched, "sent": sent, "failed": failed, "pending": pending}
    click.echo(json.dumps(summary) if as_json else _pairs(summary))


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
    log_db = _log_db(settings)
    for event in _events(log_db, after, type_name, limit, follow):
        click.echo(event.line() if as_json else _event_line(event))


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
    data = event.payload
    words = data.get("title") or data.get("reason") or ""
    return f"{event.position}  {event.recorded_at[:19]}Z  {event.type}  {event.stream}  {words}"


@main.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Check the whole log: positions, digests, chain, triggers."""
    from storage import log

    head = log.verify(_log_db(settings))
    click.echo(f"ok {head.position} events, head {head.chain}")


@main.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Compute the read model again from the log."""
    from storage import catalogue

    with _log_db(settings).write() as tx:
        count = catalogue.rebuild(tx)
    click.echo(f"rebuilt the read model from {count} events")


@main.command()
@click.argument("file", default="-", type=click.File("rb"))
@click.option("--url", default="", help="Where the text stands.")
@click.option("--title", default="", help="Its title, when the text does not begin with it.")
@click.option("--published", help="When it was published: an ISO 8601 date, or date and time.")
@click.option("--batch", is_flag=True, help="FILE holds lines of JSON: id, title, url, published, text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def extract(file: Any, url: str, title: str, published: str | None, batch: bool, as_json: bool) -> None:
    """What the rules read in a text or HTML page, with evidence; writes nothing."""
    if batch:
        for number, line in enumerate(file, 1):
            if line.strip():
                click.echo(json.dumps(_read_line(line, number), ensure_ascii=False))
        return
    reading = _read(file.read().decode("utf-8", "replace"), title, url, published)
    if as_json:
        click.echo(json.dumps(reading, ensure_ascii=False))
    else:
        _print_reading(reading)


def _read(text: str, title: str, url: str, published: str | None) -> dict[str, Any]:
    from feed.extract import extract as read
    from feed.text import page

    found_title, body = page(text)
    reading = read(title or found_title, body, url=url, published=published)
    return {
        "language": reading.language,
        "subjects": [dataclasses.asdict(found) for found in reading.subjects],
    }


def _read_line(line: bytes, number: int) -> dict[str, Any]:
    try:
        item = json.loads(line)
        given = {name: str(item.get(name) or "") for name in ("title", "url", "text")}
    except (ValueError, AttributeError) as error:
        raise click.ClickException(f"line {number} is no JSON object: {error}") from error
    published = item.get("published")
    reading = _read(given["text"], given["title"], given["url"], str(published) if published else None)
    return {"id": item.get("id"), **reading}


def _print_reading(reading: dict[str, Any]) -> None:
    click.echo(f"language: {reading['language'] or 'unknown'}")
    if not reading["subjects"]:
        click.echo("no initiative and no call")
    for found in reading["subjects"]:
        click.echo(f"\n{found['kind']}: {found['title']}")
        for name in ("technologies", "countries", "bodies"):
            click.echo(f"  {name}: {', '.join(found[name]) or '-'}")
        for money in found["money"]:
            click.echo(f"  money: {money['amount']} {money['currency']} ({money['role']})")
        for name in ("opens", "closes"):
            click.echo(f"  {name}: {found[name] or '-'}")
        for item in found["evidence"]:
            click.echo(f"  because {item['field']} [{item['rule']}]: “{item['quote']}”")


@main.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def sources(ctx: click.Context) -> None:
    """The watched sources."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sources)


@sources.command("list")
@click.option("--json", "as_json", is_flag=True, help="One source a line.")
@click.pass_obj
def list_sources(settings: Settings, as_json: bool = False) -> None:
    """A line a source: health, last success, seen and new, next poll, what is wrong."""
    from feed import poll as polling
    from feed import source
    from storage import cursors

    watched = source.load(settings.sources)
    log_db = _log_db(settings)
    polling.prepare(log_db, watched.values())
    with log_db.read() as tx:
        rows = cursors.everything(tx)
    fields = ("health", "reason", "last_success", "next_poll", "seen", "new")
    for cursor in rows:
        line = {"id": cursor.source, "name": cursor.name, "url": cursor.url}
        line |= {name: getattr(cursor, name) for name in fields}
        if as_json:
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            told = f"{cursor.source:32} {cursor.health:8} seen {cursor.seen:4} new {cursor.new:4}"
            click.echo(f"{told}  {cursor.last_success or 'never':27}  {cursor.reason or ''}".rstrip())


@main.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def subscribers(ctx: click.Context) -> None:
    """The people who are told."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_subscribers)


@subscribers.command("list")
@click.option("--json", "as_json", is_flag=True, help="One subscription a line.")
@click.pass_obj
def list_subscribers(settings: Settings, as_json: bool = False) -> None:
    """A line a subscription."""
    from storage import people

    with _people_db(settings).read() as tx:
        subscriptions = people.everyone(tx)
    for item in subscriptions:
        line: dict[str, Any] = {"email": item.email, "filter": item.filter, "cadence": item.cadence}
        line |= {"confirmed_at": item.confirmed_at, "created_at": item.created_at}
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else _pairs(line))


@subscribers.command("add")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS… or -")
@click.option("--filter", "query", default="", help="Such as 'kind=call&technology=ai'. Default: everything.")
@click.option("--cadence", default="immediate", type=click.Choice(["immediate", "daily", "weekly"]))
@click.pass_obj
def add_subscribers(settings: Settings, addresses: tuple[str, ...], query: str, cadence: str) -> None:
    """Subscribe people; on an operator's own word they are confirmed already."""
    from urllib.parse import parse_qsl

    from notifier import address
    from storage import filters, log, people
    from storage.clock import now

    try:
        wanted = filters.to_query(filters.parse(parse_qsl(query.lstrip("?"))))
    except filters.FilterError as error:
        raise click.BadParameter(str(error), param_hint="--filter") from error
    given = [line for item in addresses for line in (sys.stdin if item == "-" else [item]) if line.strip()]
    try:
        checked = [address.normal(line) for line in given]
    except ValueError as error:
        raise click.ClickException(f"{error} Nobody was added.") from error
    with _log_db(settings).read() as tx:
        after = log.head(tx).position
    with _people_db(settings).write() as tx:
        before = {(people.fold(item.email), item.filter) for item in people.confirmed(tx)}
        for email in checked:
            people.confirm(tx, people.subscribe(tx, email, wanted, cadence, now()).id, after, now())
        new = {(people.fold(email), wanted) for email in checked} - before
    click.echo(f"{len(new)} added, {len(checked) - len(new)} had this subscription already")


@subscribers.command("erase")
@click.argument("email", metavar="ADDRESS")
@click.pass_obj
def erase_subscriber(settings: Settings, email: str) -> None:
    """Forget a person: the address, the subscriptions, what was owed."""
    from storage import people

    people_db = _people_db(settings)
    with people_db.write() as tx:
        found = people.erase(tx, email)
    if not found:
        _fail(f"nothing is kept about {email}")
    if not people_db.forget():
        _fail(
            f"{email} is deleted, but another program is reading people.db and keeps traces of it in "
            "people.db-wal; the worker removes them within the hour"
        )
    click.echo(f"forgot {email}")


@subscribers.command("export")
@click.argument("email", metavar="ADDRESS")
@click.pass_obj
def export_subscriber(settings: Settings, email: str) -> None:
    """Everything that is kept about a person, as JSON."""
    from storage import people

    with _people_db(settings).read() as tx:
        found = people.export(tx, email)
    if found is None:
        _fail(f"nothing is kept about {email}")
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring both schemas up to date; the other commands do so on first use, too."""
    for name, opened in (("log", _log_db(settings)), ("people", _people_db(settings))):
        click.echo(f"{name}: up to date, {len(opened.migrations())} steps")


@main.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check the installation: settings (secrets masked), databases, catalogue, triggers."""
    from feed import source
    from storage import log

    for name, value in settings.shown():
        click.echo(f"{name} = {value}")
    click.echo(f"catalogue: {len(source.load(settings.sources))} sources")
    log_db = _log_db(settings)
    if fallen := log_db.fallen_guards():
        _fail(f"log.db: the trigger {', '.join(fallen)} is missing or was altered: restore a backup")
    with log_db.read() as tx:
        click.echo(f"log: {log.head(tx).position} events, the triggers stand")
    with _people_db(settings).read():
        click.echo("people: can be read")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def backup(settings: Settings, folder: Path) -> None:
    """Write a consistent copy of both databases to FOLDER, while others go on working."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _fail(f"cannot make the folder {folder}: {error.strerror}")
    # People first: a copy of the log that is ahead loses nothing, one that is behind would.
    for name, opened in (("people.db", _people_db(settings)), ("log.db", _log_db(settings))):
        if (folder / name).exists():
            _fail(f"{folder / name} is there already: choose an empty folder")
        opened.copy(folder / name)
        click.echo(f"wrote {folder / name}")


def _log_db(settings: Settings) -> Database:
    from storage.database import open_database

    return open_database(settings.log_url, "log")


def _people_db(settings: Settings) -> Database:
    from storage.database import open_database

    return open_database(settings.people_url, "people")


def _pairs(line: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in line.items())


def _fail(words: str) -> NoReturn:
    raise click.ClickException(words)
