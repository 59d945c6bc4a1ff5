"""The narrow waist: everything above it sees transactions and `execute(sql, params)`, never a driver.

May not hold SQL of its own; each dialect has a module beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from storage.errors import StorageError

SCHEMAS = ("log", "people")


class Rows(Protocol):
    """What a statement answers. A row is read by column name: `row["position"]`."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Tx(Protocol):
    """One transaction. Statements use `?` for parameters."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Rows:
        """Run one statement. Raises StorageError, which says what happened to which file and what to do."""


class Draft(Protocol):
    """Some tables, empty at first, that are filled unseen and then take the place of a database's own."""

    def write(self) -> AbstractContextManager[Tx]:
        """A transaction in which the tables of the draft hide those of the database; all others are those of
        the database and can be read."""

    def swap(self) -> AbstractContextManager[Tx]:
        """The same, while nobody else may write to the database; on leaving, the tables of the draft replace
        the old ones, at once for every reader. Rolls back on an exception."""


class Database(Protocol):
    """Where one schema (`log` or `people`) lives. Safe to use from several threads."""

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent snapshot; what is written inside is refused. Needs no right to write, nor room on the
        disk, where nobody writes just now."""

    def write(self, *, durable: bool = True, thorough: bool = False) -> AbstractContextManager[Tx]:
        """The only writer at its time. Commits on leaving, rolls back on an exception. Raises StorageError
        when that cannot be, as on a full disk: then nothing of it is written, and it can be tried again.

        What is not `durable` survives the end of this process, but a power cut may undo it, whole, until
        something durable is written: for bookkeeping whose loss costs no event. `thorough` overwrites what is
        deleted; `forget` does the rest."""

    def migrate(self) -> list[str]:
        """Bring the schema up to date; the names of the steps that were applied just now."""

    def migrations(self) -> list[str]:
        """The names of all steps that were ever applied."""

    def fallen_guards(self) -> list[str]:
        """What is wrong with the triggers that keep this schema's promises, and with the table of events: one
        sentence each, without its full stop, such as that one is missing or does not belong there."""

    def forget(self) -> bool:
        """Leave no trace of what was deleted, in no file beside the database either; False when somebody
        is reading just now, so that it has to be said again later."""

    def draft(
        self, tables: Sequence[str], indexes: Sequence[str] = (), *, thorough: bool = False
    ) -> AbstractContextManager[Draft]:
        """Empty tables under the names of these, with these of their indexes. `thorough`: of what only the
        old ones held, no byte is left in the database's files. Raises Taken while another process has a
        draft."""

    def copy(self, path: Path) -> None:
        """Write a consistent copy to `path`, while others read and write. Raises StorageError when it cannot
        be written, or when the database turns out to be damaged."""

    def compact(self, path: Path) -> None:
        """Write a copy of the log's record and read model for other programs, without bookkeeping, while
        others read and write. The file appears when it is whole. Raises StorageError where one is there."""

    def close(self) -> None:
        """Give the connections back. The object cannot be used afterwards."""


def open_database(url: str, schema: str) -> Database:
    """The database at `url` (`sqlite:///relative/path`, `sqlite:////absolute/path`), schema up to date.

    Raises StorageError when the URL is of no known kind or the file cannot be opened.
    """
    if schema not in SCHEMAS:
        raise StorageError(f"there is no schema {schema!r}, only {' and '.join(SCHEMAS)}")
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url == prefix:
        raise StorageError(f"{url!r} is not a database address: expected sqlite:///path/to/file.db")
    from storage.sqlite import SqliteDatabase  # drivers are loaded when they are asked for

    database = SqliteDatabase(Path(url.removeprefix(prefix)), schema)
    database.migrate()
    return database
