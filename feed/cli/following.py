"""The command that keeps a mirror: follow."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from feed.cli.shared import bring_up_to_date, current_log_db_of, fail, main
from feed.settings import Settings

if TYPE_CHECKING:
    from feed.mirror import Origin
    from storage.carrying import Intake
    from storage.database import Database

FIRST_WAIT = 10.0
LONGEST_WAIT = 300.0
"""Seconds until a server that does not answer is asked again: at first, and at most."""
SAY_EVERY = 10_000


@main.command()
@click.argument("url")
@click.option(
    "--every",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 86_400),
    metavar="SECONDS",
    help="How long to wait between two questions.",
)
@click.option("--once", is_flag=True, help="End when there is nothing more.")
@click.option("--port", type=click.IntRange(1, 65535), help="Serve the pages on this port of 127.0.0.1.")
@click.pass_obj
def follow(settings: Settings, url: str, every: float, once: bool, port: int | None) -> None:
    """Keep a verified mirror of the log of the installation at URL.

    Ends with an error when that log tells another history than it did before. A server that does not answer
    is waited for.
    """
    from feed.errors import AddressRefused
    from feed.mirror import Origin
    from storage import carrying
    from storage.lines import LINE_BYTES

    log_db = current_log_db_of(settings)
    with log_db.read() as tx:
        unsettled = carrying.unsettled(tx)
    intake = carrying.Intake(log_db, unsettled=unsettled)
    try:
        origin = Origin(
            url,
            contact=settings.base_url,
            line_bytes=LINE_BYTES,
            allow_private_networks=settings.allow_private_networks,
        )
    except AddressRefused as error:
        raise click.BadParameter(str(error), param_hint="URL") from None
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background commands ignore the second
        signal.signal(number, _interrupt)
    try:
        with _pages(settings, port):
            _follow(log_db, origin, intake, every, once)
    except KeyboardInterrupt:
        click.echo(f"ended; our log ends at {_end(intake)}", err=True)


def _interrupt(*_: object) -> NoReturn:
    """As at Ctrl-C: what is being written is rolled back, and asked for again by the next who follows."""
    raise KeyboardInterrupt


def _follow(log_db: Database, origin: Origin, intake: Intake, every: float, once: bool) -> None:
    """Round after round. Only one that brings nothing has seen the other log's end: a connection may also
    break between two lines."""
    from feed.errors import AddressRefused, SourceError
    from feed.following import Rewritten
    from storage.carrying import Refused

    failures = 0
    while True:
        before = intake.new
        try:
            _round(log_db, origin, intake)
            if not (new := intake.new - before):
                intake.finish()
        except Rewritten as error:
            fail(str(error))
        except (AddressRefused, Refused) as error:
            fail(f"{origin.url}: {error}; our log ends at {_end(intake)}")
        except SourceError as error:
            if once:
                fail(f"{origin.url}: {error}; our log ends at {_end(intake)}")
            failures = 1 if intake.new > before else failures + 1
            wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
            click.echo(f"{origin.url}: {error}; it is asked again in {wait:g} seconds", err=True)
        else:
            failures, wait = 0, 0 if once else every
            if new:
                bring_up_to_date(log_db)
                click.echo(f"recorded {new}, our log ends at {_end(intake)}")
            elif once:
                return
        time.sleep(wait)


def _round(log_db: Database, origin: Origin, intake: Intake) -> None:
    from feed.following import catch_up

    said = intake.new
    for position in catch_up(log_db, origin, intake):
        if intake.new - said >= SAY_EVERY:
            said = intake.new
            click.echo(f"at position {position}", err=True)


def _end(intake: Intake) -> str:
    return f"{intake.head.position}:{intake.head.chain}"


@contextmanager
def _pages(settings: Settings, port: int | None) -> Iterator[None]:
    """The pages of our log, for as long as the block lasts, where a port is named."""
    if port is None:
        yield
        return
    from werkzeug.serving import make_server

    from feed.app import create_app

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", port, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="pages", daemon=True)
    thread.start()
    click.echo(f"serving on http://127.0.0.1:{port}", err=True)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
