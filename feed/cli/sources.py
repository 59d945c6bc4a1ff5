"""The commands about the watched sources."""

from __future__ import annotations

import json
import shutil
import sys

import click

from feed.cli.shared import Commands, current_log_db_of, fail, fetcher_of, log_db_of, main, manners
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
    from feed import health, source
    from feed import poll as polling
    from storage import cursors
    from storage.clock import now

    watched = source.load(*settings.catalogue)
    log_db = log_db_of(settings)
    polling.prepare(log_db, watched.values())
    with log_db.read() as tx:
        known = cursors.everything(tx)
    if not as_json:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in health.lines(health.rows(watched.values(), known), now(), width):
            click.echo(line)
        return
    fields = ("health", "reason", "last_success", "next_poll", "seen", "new")
    for cursor in known:
        told = {"id": cursor.source, "name": cursor.name, "url": cursor.url}
        told |= {name: getattr(cursor, name) for name in fields}
        click.echo(json.dumps(told, ensure_ascii=False))


@sources.command("check")
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--json", "as_json", is_flag=True, help="One source a line.")
@click.pass_obj
def check_sources(settings: Settings, ids: tuple[str, ...], as_json: bool) -> None:
    """Ask all sources (or the named ones) once and say what each answers; records nothing."""
    from feed import poll as polling
    from feed import rounds, source

    watched = source.load(*settings.catalogue)
    if unknown := [key for key in ids if key not in watched]:
        raise click.UsageError(f"there is no source {', '.join(unknown)}; `communique sources` lists them")
    log_db, fetcher = log_db_of(settings), fetcher_of(settings)
    chosen = [watched[key] for key in ids] or list(watched.values())
    outcomes = rounds.side_by_side(
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
    from feed import record
    from storage import cursors

    log_db = current_log_db_of(settings)
    with log_db.read() as tx:
        if cursors.get(tx, key) is None:  # one that has left the catalogue can have something left
            raise click.UsageError(f"there is no source {key}; `communique sources` lists them")
    count = record.release(log_db, key, told=not quietly)
    if not count:
        fail(f"nothing of {key} is held back")
    click.echo(f"released {count} announcements of {key}" + (", telling nobody" if quietly else ""))
