"""The commands that change what we say of the past: reclassify, split, redact."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import click

from feed.cli.shared import current_log_db_of, log_db_of, main, progress
from feed.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feed.reclassify import Corrected
    from storage.events import Event

COUNTED = ("read", "corrected", "taken back", "new", "linked", "unknown source")


@main.command()
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was published on this day or later."
)
@click.option("--dry-run", is_flag=True, help="Print what would be recorded; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON.")
@click.pass_obj
def reclassify(settings: Settings, since: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Read recorded announcements again with today's rules, and record what they correct.

    Nothing is rewritten and nobody is mailed: each correction is an event of its own.
    """
    from feed import reclassify as reading
    from feed import source

    sources = source.load(*settings.catalogue)
    total: Counter[str] = Counter()
    day = since.date() if since else None
    for result in reading.reclassify(current_log_db_of(settings), sources, since=day, dry_run=dry_run):
        total += _counted(result)
        for event in result.events or ():
            _print(event, as_json)
    counted = {name: total[name] for name in COUNTED}
    if as_json:
        click.echo(json.dumps({name.replace(" ", "_"): count for name, count in counted.items()}))
        return
    click.echo(", ".join(f"{count} {name}" for name, count in counted.items()))
    if dry_run:
        click.echo("Nothing was written: without --dry-run these corrections are recorded.")


@main.command()
@click.argument("subject")
@click.argument("announcement")
@click.option("--reason", default="these are two things", show_default=True, help="Why, for the record.")
@click.pass_obj
def split(settings: Settings, subject: str, announcement: str, reason: str) -> None:
    """Part an ANNOUNCEMENT from the SUBJECT that it was linked to by mistake.

    The subject's page names both ids. What the announcement tells becomes a subject of its own.
    """
    from feed import reclassify as reading
    from feed import source

    sources = source.load(*settings.catalogue)
    events = reading.split(current_log_db_of(settings), sources, subject, announcement, reason)
    for event in events:
        _print(event, as_json=False)


@main.command()
@click.argument("position", type=click.IntRange(1, 2**62))
@click.option("--reason", required=True, help="Why, in words that everybody may read.")
@click.pass_obj
def redact(settings: Settings, position: int, reason: str) -> None:
    """Take the payload of the event at POSITION out of the log, for good.

    For what the law forbids to keep. The row and its digest stay, the log verifies as before, and an event of
    its own says what was done and why. Backups and mirrors have to be seen to as well.
    """
    from storage import redaction
    from storage.clock import now
    from storage.plain import line
    from storage.rebuild import rebuild

    if not (words := line(reason)):
        raise click.BadParameter("it has to say something", param_hint="--reason")
    log_db = log_db_of(settings)
    with log_db.read() as tx:
        others = redaction.kin(tx, position)
    told = redaction.redact(log_db, position, words, now())
    with progress("computing the read model again") as show:
        rebuild(log_db, show, thorough=True)
    click.echo(f"took out the payload of event {position}; event {told.position} says so")
    if others:
        numbers = ", ".join(str(event.position) for event in others)
        click.echo(f"look at these, too, which are about the same announcement: {numbers}")


def _counted(result: Corrected) -> Counter[str]:
    if result.events is None:
        return Counter({"unknown source": 1})
    kinds: Sequence[str] = [_kind(event) for event in result.events]
    return Counter(read=1) + Counter(kinds)


def _kind(event: Event) -> str:
    from storage.events import SubjectCorrected, SubjectLinked

    if isinstance(event, SubjectLinked):
        return "linked"
    if isinstance(event, SubjectCorrected):
        return "taken back" if event.changed.get("retracted", {}).get("to") else "corrected"
    return "new"


def _print(event: Event, as_json: bool) -> None:
    from feed.telling import FACTS
    from storage import wording
    from storage.encoding import to_data

    data = to_data(event)
    if as_json:
        line = {"stream": event.stream, "type": type(event).__name__, "data": data}
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    click.echo(f"{_kind(event)}: {data['title']}  ({data['source']}, {data['url']})")
    for name, before, after in wording.changes(data):
        click.echo(f"  {name}: {before} → {after}")
    for name in FACTS if "changed" not in data else ():
        if data[name]:
            click.echo(f"  {wording.FIELDS[name]}: {wording.change(name, data[name])}")
    for item in data["evidence"]:
        click.echo(f"  because {item['field']} [{item['rule']}]: “{item['quote']}”")
