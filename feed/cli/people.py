"""Commands about people: deliver, subscribers."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from feed.cli.shared import Commands, current_log_db_of, fail, log_db_of, main, pairs, people_db_of
from feed.settings import Settings


@main.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent; write and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON.")
@click.pass_obj
def deliver(settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Match what is new and deliver what is due, once; tell the operator what is wrong with sources."""
    from feed.worker import letterhead
    from notifier import deliver as delivering
    from notifier import operator
    from notifier.channels import open_channel
    from storage import outbox

    log_db = log_db_of(settings) if dry_run else current_log_db_of(settings)
    people_db = people_db_of(settings)
    sent = failed = notices = 0
    if dry_run:
        owed = delivering.rehearse(log_db, people_db)
        matched = len(owed)
        for item in owed:
            line = {"to": item.subscription.email, "position": item.entry.event.position}
            line |= {"type": item.entry.event.type, "title": item.entry.subject.title}
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else pairs(line))
    else:
        matched = delivering.match_new(log_db, people_db)
        channel = open_channel(settings.smtp_url, sys.stderr if as_json else None)
        sent, failed = delivering.deliver_due(log_db, people_db, channel, letterhead(settings))
        notices, _ = operator.tell(log_db, people_db, channel, letterhead(settings), settings.operators)
    with people_db.read() as tx:
        pending = outbox.pending(tx)
    summary = {"matched": matched, "sent": sent, "failed": failed, "pending": pending}
    if settings.operators:
        summary["notices"] = notices
    click.echo(json.dumps(summary) if as_json else pairs(summary))


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

    with people_db_of(settings).read() as tx:
        subscriptions = people.everyone(tx)
    for item in subscriptions:
        wanted = item.filter if as_json else item.filter or "everything"
        line: dict[str, Any] = {"email": item.email, "filter": wanted, "cadence": item.cadence}
        line |= {"confirmed_at": item.confirmed_at, "created_at": item.created_at}
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else pairs(line))


@subscribers.command("add")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS… or -")
@click.option("--filter", "query", default="", help="Such as 'kind=call&technology=ai'. Default: everything.")
@click.option(
    "--cadence",
    type=click.Choice(["immediate", "daily", "weekly"]),
    help="How often. Default: immediate, or what the person has already.",
)
@click.pass_obj
def add_subscribers(settings: Settings, addresses: tuple[str, ...], query: str, cadence: str | None) -> None:
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
    with log_db_of(settings).read() as tx:
        after = log.head(tx).position
    with people_db_of(settings).write() as tx:
        before = {(people.fold(item.email), item.filter) for item in people.confirmed(tx)}
        for email in checked:
            subscription = people.subscribe(tx, email, wanted, cadence or "immediate", now())
            people.confirm(tx, subscription.id, after, now())
            if cadence:
                people.change_cadence(tx, subscription.id, cadence)
        new = {(people.fold(email), wanted) for email in checked} - before
    click.echo(f"{len(new)} added, {len(checked) - len(new)} had this subscription already")


@subscribers.command("erase")
@click.argument("email", metavar="ADDRESS")
@click.pass_obj
def erase_subscriber(settings: Settings, email: str) -> None:
    """Forget a person: the address, the subscriptions, what was owed."""
    from storage import people

    people_db = people_db_of(settings)
    with people_db.write() as tx:
        found = people.erase(tx, email)
    if not found:
        fail(f"nothing is kept about {email}")
    if not people_db.forget():
        fail(
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

    with people_db_of(settings).read() as tx:
        found = people.export(tx, email)
    if found is None:
        fail(f"nothing is kept about {email}")
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
