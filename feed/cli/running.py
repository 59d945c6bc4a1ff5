"""Commands that run the processes: work, web."""

from __future__ import annotations

import logging

import click

from feed.cli.shared import current_log_db_of, main
from feed.settings import Settings


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

    current_log_db_of(settings).close()
    create_app(settings).run(host="127.0.0.1", port=port, threaded=True)
