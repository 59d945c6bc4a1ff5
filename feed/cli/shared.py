"""What all commands share: how they fail, and where the databases are.

Each command loads what it needs itself, so that all of them start quickly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from feed import settings as settings_module
from feed.settings import Settings, SettingsError
from storage.errors import StorageError

if TYPE_CHECKING:
    from feed.fetch import Fetcher
    from storage.database import Database


class Commands(click.Group):
    """Commands whose failures are one clear line and exit status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the house raises becomes a line on standard error."""
        try:
            return super().invoke(ctx)
        except (SettingsError, StorageError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # Whoever read our output has enough of it.
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
@click.version_option(package_name="communique")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Watches what governments announce, and tells the people who need to know."""
    ctx.obj = ctx.obj or settings_module.load()


def log_db_of(settings: Settings) -> Database:
    """The installation's log."""
    from storage.database import open_database

    return open_database(settings.log_url, "log")


def current_log_db_of(settings: Settings) -> Database:
    """The same, with its read model as this version writes it."""
    log_db = log_db_of(settings)
    bring_up_to_date(log_db)
    return log_db


def bring_up_to_date(log_db: Database) -> None:
    """Compute the read model again where it is not what this version makes of the log."""
    from storage import rebuild

    with log_db.read() as tx:
        current = rebuild.is_current(tx)
    if not current:
        with progress("computing the read model again") as show:
            rebuild.bring_up_to_date(log_db, show)


def people_db_of(settings: Settings) -> Database:
    """The installation's people."""
    from storage.database import open_database

    return open_database(settings.people_url, "people")


def fetcher_of(settings: Settings) -> Fetcher:
    """What asks the sources."""
    from feed.fetch import Fetcher

    return Fetcher(
        contact=settings.base_url,
        allow_private_networks=settings.allow_private_networks,
        threads=settings.threads,
    )


def manners(settings: Settings) -> dict[str, Any]:
    """How many sources are polled side by side, and how gently each host is treated."""
    return {
        "threads": settings.threads,
        "at_once": settings.host_connections,
        "seconds_apart": settings.host_seconds,
    }


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while the block lasts, only at a terminal. What is given back is told how much
    is done, of how much."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=hidden) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield tell


def pairs(line: dict[str, Any]) -> str:
    """A line for people: `name value, name value`."""
    return ", ".join(f"{name} {value}" for name, value in line.items())


def fail(words: str) -> NoReturn:
    """End with exit status 1 and this line."""
    raise click.ClickException(words)
