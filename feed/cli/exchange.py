"""The commands that take in and give out lists of sources: sources import, sources export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import click

from feed.cli.adding import NOTHING, confirmed
from feed.cli.shared import fail, log_db_of
from feed.cli.sources import sources
from feed.settings import Settings, SettingsError

if TYPE_CHECKING:
    from feed.known import Known
    from feed.opml import Outline
    from feed.source import Source


@sources.command("export")
@click.pass_obj
def export_sources(settings: Settings) -> None:
    """The catalogue as OPML 2.0, on standard output; passwords are left out."""
    from feed import opml, source
    from storage.clock import now

    watched = source.load(*settings.catalogue).values()
    click.echo(opml.render(watched, title=opml.TITLE, created=now()))
    if secret := [item.id for item in watched if item.public_url != item.url]:
        click.echo(f"left out the password of {', '.join(secret)}", err=True)


@sources.command("import")
@click.argument("file", type=click.File("rb"), metavar="FILE.opml")
@click.option("--country", help="Of the publishers whose country neither file nor address tells.")
@click.option("--yes", is_flag=True, help="Add them without asking.")
@click.pass_obj
def import_sources(settings: Settings, file: BinaryIO, country: str | None, yes: bool) -> None:
    """Add the feeds of an OPML file to the catalogue, but those that are there already.

    Shows what it would add, and asks before it writes. The feeds are not asked: see `sources check`.
    """
    from feed import additions, opml
    from feed.known import Known
    from storage.terms import is_country

    if country is not None and not is_country(country := country.strip().upper()):
        raise click.BadParameter(f"{country!r} is no ISO 3166-1 code such as GB", param_hint="--country")
    try:
        outlines = opml.read(file.read(opml.READ_BYTES + 1))
    except opml.OpmlError as error:
        fail(f"{file.name} cannot be read: {error}")
    known = Known(additions.watched(settings.catalogue).values())
    new = list(_new(settings, outlines, known, country))
    click.echo(f"{len(new)} to add, {len(outlines) - len(new)} skipped")
    if not new:
        return
    if not (yes or confirmed(f"Add them to {settings.catalogue[-1]}?")):
        fail(NOTHING)
    additions.append(settings.catalogue, new)
    click.echo(f"added {len(new)} to {settings.catalogue[-1]}")


def _new(
    settings: Settings, outlines: tuple[Outline, ...], known: Known, country: str | None
) -> Iterator[Source]:
    """Those that can be added; what happens to each is told in a line."""
    from storage import cursors
    from storage.plain import shorten

    with log_db_of(settings).read() as tx:
        taken = {*known.ids, *(cursor.source for cursor in cursors.everything(tx))}
    before = set(known.ids)
    for outline in outlines:
        try:
            item = _source(outline, known, taken, country)
            _refuse_twice(item, known, before)
        except SettingsError as error:
            named = shorten(outline.name or outline.url or "an outline", 80)
            click.echo(f"skip  {named}: {shorten(str(error), 300)}")
            continue
        known.take(item)
        taken.add(item.id)
        click.echo(f"add   {item.id}  {item.country}  {item.body}  {item.url}")
        yield item


def _source(outline: Outline, known: Known, taken: set[str], country: str | None) -> Source:
    """The source that an outline describes. Raises SettingsError, with the reason why there is none."""
    from feed import guess, source
    from feed.links import clean, public

    url = clean(outline.url)
    if not url:
        if not outline.url:
            raise SettingsError("it has no address (xmlUrl)")
        if clean(public(outline.url)):
            raise SettingsError("its address has a password in it: see `sources add`")
        raise SettingsError(f"{outline.url!r} is no http or https address")
    if outline.url.isascii() and outline.url.isprintable() and " " not in outline.url:
        url = outline.url  # as the list has it: what it leaves unencoded, the server may want so
    fields = {**outline.fields, "url": url}
    if country and "country" not in fields and not guess.country(url, known):
        fields["country"] = country
    table = guess.completed(fields, known, taken, title=outline.name)
    if "country" not in table:
        raise SettingsError("its country cannot be told: name it with --country")
    return source.from_table(table, url)


def _refuse_twice(item: Source, known: Known, before: set[str]) -> None:
    there = known.at(item.url)
    if there and there.id not in before:
        raise SettingsError(f"it stands in the file twice, first as {there.id!r}")
    if reason := known.clash(item):
        raise SettingsError(reason)
