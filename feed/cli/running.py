"""Commands that run the processes: work, web."""

from __future__ import annotations

import logging

import click

from feed.cli.shared import current_log_db_of, main
from feed.settings import Settings
from storage.errors import StorageError


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

    try:
        current_log_db_of(settings).close()
    except StorageError as error:  # in a place where nothing can be written, what is there is served
        click.echo(f"the read model stays as another version wrote it: {error}", err=True)
    create_app(settings).run(host="127.0.0.1", port=port, threaded=True)
