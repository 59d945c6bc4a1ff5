"""The commands about the watched sources."""

from __future__ import annotations

import json

import click

from feed.cli.shared import Commands, fail, fetcher_of, log_db_of, main, manners
from feed.settings import Settings


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

    watched = source.load(*settings.catalogue)
    log_db = log_db_of(settings)
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


@sources.command("check")
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--json", "as_json", is_flag=True, help="One source a line.")
@click.pass_obj
def check_sources(settings: Settings, ids: tuple[str, ...], as_json: bool) -> None:
    """Ask all sources (or the named ones) once and say what each answers; records nothing."""
    from feed import poll as polling
    from feed import source

    watched = source.load(*settings.catalogue)
    if unknown := [key for key in ids if key not in watched]:
        raise click.UsageError(f"there is no source {', '.join(unknown)}; `communique sources` lists them")
    log_db, fetcher = log_db_of(settings), fetcher_of(settings)
    chosen = [watched[key] for key in ids] or list(watched.values())
    outcomes = polling.poll_many(
        lambda item: polling.rehearse(log_db, fetcher, item), chosen, **manners(settings)
    )
    for outcome in outcomes:
        line: dict[str, str | int | None] = {"id": outcome.source, "status": outcome.status}
        line |= {"reason": outcome.reason, "seen": outcome.seen, "events": len(outcome.events)}
        if as_json:
            click.echo(json.dumps(line, ensure_ascii=False))
        elif outcome.status == "fetched":
            note = f" ({outcome.reason})" if outcome.reason else ""
            click.echo(
                f"{outcome.source}: {outcome.seen} entries, {len(outcome.events)} events to record{note}"
            )
        else:
            click.echo(f"{outcome.source}: {outcome.reason or 'has not changed'}")


@sources.command("release")
@click.argument("key", metavar="ID")
@click.option("--quietly", is_flag=True, help="Keep them in the record, but tell nobody.")
@click.pass_obj
def release_source(settings: Settings, key: str, quietly: bool) -> None:
    """Tell what the flood guard holds back of a source."""
    from feed import poll as polling
    from feed import source

    if key not in source.load(*settings.catalogue):
        raise click.UsageError(f"there is no source {key}; `communique sources` lists them")
    count = polling.release(log_db_of(settings), key, told=not quietly)
    if not count:
        fail(f"nothing of {key} is held back")
    click.echo(f"released {count} announcements of {key}" + (", telling nobody" if quietly else ""))
