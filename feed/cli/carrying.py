"""Commands that carry the log from one installation to another: export, import."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.shared import bring_up_to_date, current_log_db_of, fail, log_db_of, main, progress
from feed.settings import Settings

if TYPE_CHECKING:
    from feed.packing import Unpacked
    from storage.carrying import Intake
    from storage.database import Database


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--texts", is_flag=True, help="With the long texts of announcements and their pages.")
@click.option("--sqlite", "as_sqlite", is_flag=True, help="As a SQLite database for other programs.")
@click.pass_obj
def export_log(settings: Settings, file: str, texts: bool, as_sqlite: bool) -> None:
    """Write the log to FILE, one event a line as `communique log --json` prints them.

    FILE is packed as its name says (.gz, .zst); - is standard output. With --sqlite, FILE becomes a compact
    database: events, texts, what is computed from them, and views; no bookkeeping.
    """
    from feed import packing
    from storage import carrying, log

    log_db = log_db_of(settings)
    if as_sqlite:
        _export_compact(log_db, file)
        return
    with log_db.read() as tx:
        total = log.head(tx).position
    count = 0
    with packing.written(file) as out, progress("exporting") as tell:
        for lines in carrying.slices(log_db, texts=texts):
            out.write("".join(lines).encode())
            count += len(lines)
            tell(count, max(count, total))
    if not texts:
        click.echo("left out the long texts: --texts adds them", err=True)
    click.echo(f"exported {count} events", err=file == packing.STANDARD)


def _export_compact(log_db: Database, file: str) -> None:
    if file == "-":
        raise click.UsageError("a database cannot be written to standard output: name a file")
    path = Path(file)
    log_db.compact(path)
    click.echo(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.pass_obj
def import_log(settings: Settings, file: str) -> None:
    """Verify the log in FILE and add what goes on from ours.

    FILE is what `communique export` wrote, or what /events.ndjson answered; packed as its name says (.gz,
    .zst); - is standard input. What is here already has to be the same.
    """
    from feed import packing
    from storage.carrying import Intake
    from storage.lines import LINE_BYTES

    log_db = current_log_db_of(settings)
    # A file can be read twice: its redactions are known when the data that they took out comes.
    redacted = None if file == packing.STANDARD else functools.cache(functools.partial(_redactions, file))
    intake = Intake(log_db, redacted=redacted)
    with packing.Unpacked(file, LINE_BYTES) as unpacked:
        _take(intake, unpacked)
    bring_up_to_date(log_db)
    here = f" ({intake.known} were here already)" if intake.known else ""
    click.echo(f"imported {intake.new} events{here}, head {intake.head.chain}")


def _take(intake: Intake, unpacked: Unpacked) -> None:
    """Take in all that is there; an error says how far it came."""
    from feed.packing import Unreadable
    from storage.errors import StorageError

    try:
        with progress("importing") as tell:
            for _ in intake.take(unpacked.lines()):
                tell(unpacked.at, unpacked.size)
        intake.finish()
    except (Unreadable, StorageError) as error:
        fail(f"{unpacked.name}: {error}; {_far(intake)}")


def _far(intake: Intake) -> str:
    if not intake.new:
        return f"nothing was imported, our log ends at position {intake.head.position} as before"
    return f"{intake.new} events before that are imported, our log ends at position {intake.head.position}"


def _redactions(file: str) -> Mapping[int, str]:
    from feed.packing import Unpacked
    from storage import carrying
    from storage.lines import LINE_BYTES

    with Unpacked(file, LINE_BYTES) as unpacked:
        return carrying.redactions(unpacked.lines())
