"""The command that adds a source: it finds the feed, shows what it would record, asks, and writes."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from feed.adapters import KINDS
from feed.cli.shared import fail, fetcher_of, log_db_of
from feed.cli.sources import sources
from feed.settings import Settings, SettingsError

if TYPE_CHECKING:
    from feed.finding import Found, Several
    from feed.known import Known
    from feed.source import Source
    from storage.events import Event

NOTHING = "nothing was added"


@sources.command("add")
@click.argument("url")
@click.option("--id", help="Its permanent id. Default: made of the site and the title.")
@click.option("--name", help="What people see. Default: the feed's title.")
@click.option("--country", help="The publisher's: ISO 3166-1 alpha-2, EU or UN. Default: by the address.")
@click.option("--body", help="Who publishes. Default: by the title and the address.")
@click.option("--kind", type=click.Choice(KINDS), default="feed", show_default=True, help="How it is read.")
@click.option("--choose", type=click.IntRange(1), metavar="N", help="The N-th of the page's feeds.")
@click.option("--yes", is_flag=True, help="Add it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one object; questions go to standard error.")
@click.pass_obj
def add_source(
    settings: Settings,
    /,
    url: str,
    kind: str,
    choose: int | None,
    yes: bool,
    as_json: bool,
    **given: str | None,
) -> None:
    """Add a source: URL is a feed, or a page that has one.

    Shows what its first poll would record, and asks before it writes to the catalogue.
    """
    from feed import additions
    from feed.errors import SourceError
    from feed.known import Known
    from feed.links import public

    address = _address(url)
    known = Known(additions.watched(settings.catalogue).values())
    _refuse_twice(known, address)
    try:
        found = _feed(settings, address, kind, choose)
    except SourceError as error:
        fail(f"{public(address)}: {error}")
    _refuse_twice(known, found.url)
    proposed = _proposed(settings, known, found, kind, given)
    if reason := known.clash(proposed):
        fail(f"{reason}; {NOTHING}")
    _offer(settings, proposed, _shown(settings, proposed, found), yes=yes, as_json=as_json)


def _offer(settings: Settings, proposed: Source, shown: dict[str, Any], *, yes: bool, as_json: bool) -> None:
    """Show what it is, ask, and write."""
    from feed import additions

    file = settings.catalogue[-1]
    if not as_json:
        _print(settings, proposed, shown)
    added = yes or confirmed("Add it?", to_stderr=as_json)
    if added:
        additions.append(settings.catalogue, [proposed])
    if as_json:
        click.echo(json.dumps({**shown, "file": file, "added": added}, ensure_ascii=False))
    if not added:
        fail(NOTHING)
    if not as_json:
        click.echo(f"added {proposed.id} to {file}")


def confirmed(question: str, *, to_stderr: bool = False) -> bool:
    """The operator's word; no word is a no."""
    try:
        return click.confirm(question, err=to_stderr)
    except click.Abort:
        click.echo(err=to_stderr)
        return False


def _address(url: str) -> str:
    """The web address that was given, with its user and password, if it has them."""
    from feed.links import clean, public

    url = url if "://" in url else f"https://{url}"
    address = clean(public(url))
    if not address:
        named = public(url) or url.rpartition("@")[2]
        raise click.BadParameter(f"{named!r} is no http or https address", param_hint="URL")
    user = urlsplit(url).netloc.rpartition("@")[0]
    return address.replace("://", f"://{user}@", 1) if user else address


def _refuse_twice(known: Known, url: str) -> None:
    if there := known.at(url):
        fail(f"{there.public_url} is in the catalogue already, as {there.id!r}; {NOTHING}")


def _feed(settings: Settings, address: str, kind: str, choose: int | None) -> Found:
    """The feed at the address, or the one of its page's that is meant. Raises SourceError."""
    from feed import finding
    from feed.finding import Found
    from feed.robots import Robots

    fetcher = fetcher_of(settings)
    if kind != "feed":
        return finding.read(fetcher, address, kind, named=True)
    found = finding.find(fetcher, Robots(fetcher), address)
    if isinstance(found, Found):
        return found
    meant = found.feeds[_choice(found, choose) - 1]
    return finding.read(fetcher, meant.url, ports=finding.ports_of(found.page), named=False)


def _choice(several: Several, choose: int | None) -> int:
    """Which of the feeds, by number from 1: the operator says so beforehand, or at a terminal."""
    count = len(several.feeds)
    if choose is not None and choose <= count:
        return choose
    click.echo(f"{several.page} has {count} feeds:", err=True)
    for number, link in enumerate(several.feeds, 1):
        click.echo(f"{number:3}  {link.title or 'without a title'}  {link.url}", err=True)
    if choose is not None:
        raise click.BadParameter(f"there are {count} feeds", param_hint="--choose")
    if not sys.stdin.isatty():
        fail(f"choose one of the {count} feeds with --choose N; {NOTHING}")
    chosen: int = click.prompt("Which one?", type=click.IntRange(1, count), err=True)
    return chosen


def _proposed(
    settings: Settings, known: Known, found: Found, kind: str, given: dict[str, str | None]
) -> Source:
    from feed import guess, source
    from storage import cursors

    with log_db_of(settings).read() as tx:
        used = {cursor.source for cursor in cursors.everything(tx)}  # an id is never used again
    fields = {name: value.strip() for name, value in given.items() if value and value.strip()}
    fields |= {"url": found.url, "kind": kind}
    fields["country"] = (
        fields.get("country") or guess.country(found.url, known) or _asked_country(found.url)
    ).upper()
    taken = known.ids.keys() | used
    table = guess.completed(fields, known, taken, title=found.feed.title, author=found.feed.author)
    try:
        return source.from_table(table, "the source")
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _asked_country(url: str) -> str:
    from feed.links import public

    if not sys.stdin.isatty():
        named = public(url)
        raise click.UsageError(f"the publisher's country cannot be told from {named}: name it with --country")
    answer: str = click.prompt("The publisher's country (ISO 3166-1 alpha-2, EU or UN)", err=True)
    return answer


def _shown(settings: Settings, proposed: Source, found: Found) -> dict[str, Any]:
    """What the operator is told, by name."""
    from feed import poll
    from feed.parse import without_the_future
    from storage.clock import now

    feed = without_the_future(found.feed, now())
    events = poll.foresee(log_db_of(settings), proposed, feed)
    fields = ("id", "name", "url", "country", "body", "kind")
    return {
        **{name: getattr(proposed, name) for name in fields},
        "url": proposed.public_url,
        "title": feed.title,
        "seen": feed.seen,
        "newest": max(
            (entry.published_at for entry in feed.entries if entry.published_at), key=_when, default=None
        ),
        "note": feed.note,
        "announcements": len(_of(events, "AnnouncementPublished")),
        "initiatives": [event.title for event in _of(events, "InitiativeAnnounced")],
        "calls": [event.title for event in _of(events, "CallAnnounced")],
    }


def _of(events: tuple[Event, ...], kind: str) -> list[Any]:
    return [event for event in events if type(event).__name__ == kind]


def _when(stamp: str) -> datetime:
    moment = datetime.fromisoformat(stamp)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print(settings: Settings, proposed: Source, shown: dict[str, Any]) -> None:
    from feed import table

    click.echo(f"feed: {shown['title'] or 'without a title'}\naddress: {shown['url']}")
    newest = f", the newest of {shown['newest']}" if shown["newest"] else ""
    click.echo(f"entries: {shown['seen']}{newest}")
    if shown["note"]:
        click.echo(f"note: {shown['note']}")
    counts = ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for word, count in (
            ("announcement", shown["announcements"]),
            ("initiative", len(shown["initiatives"])),
            ("call", len(shown["calls"])),
        )
    )
    click.echo(f"\nIts first poll would record {counts}, as backfill: shown, never mailed.")
    for name, word in (("initiatives", "initiative"), ("calls", "call")):
        for title in shown[name]:
            click.echo(f"  {word}: {title}")
    click.echo(f"\nFor {settings.catalogue[-1]}:\n\n{table.written(proposed)}")
