"""A draft of some tables on SQLite: a file beside the database, filled unseen and then copied over in one go.

With storage.sqlite the only module that may import sqlite3. May not know what the tables mean.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from storage.errors import StorageError, Taken
from storage.faults import explained

CACHE_KIB = 200_000
"""So much of each of the two files is kept in memory at most: ids come in no order."""
SUFFIX = "-draft"


class SqliteDraft:
    """One connection to both: the draft is its `main`, the database is attached as `old`. So an unqualified
    name is a table of the draft where there is one, else one of the database."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, tables: Sequence[str], indexes: Sequence[str]
    ) -> None:
        self._path = path
        self._connection = connection
        self._tables = tables
        self._indexes = indexes

    def take(self) -> None:
        """Take the draft's file for this process. Raises Taken."""
        execute = self._connection.execute
        try:
            execute("PRAGMA main.page_size = 16384")  # rows are long, and few are read again
            execute("PRAGMA main.locking_mode = EXCLUSIVE")
            execute("PRAGMA main.journal_mode = OFF")  # a draft that breaks off is begun again
            execute("PRAGMA main.synchronous = OFF")
            execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise Taken("another process is computing the read model just now") from None
            raise

    def begin(self, database: Path, *, thorough: bool, busy_seconds: float) -> None:
        """Make the tables of the draft."""
        execute = self._connection.execute
        for (name,) in execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            execute(f'DROP TABLE main."{name}"')  # left behind by a process that died
        execute("COMMIT")
        execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        execute("ATTACH ? AS old", (str(database),))
        for schema in ("main", "old"):
            execute(f"PRAGMA {schema}.cache_size = -{CACHE_KIB}")
        execute(f"PRAGMA old.secure_delete = {'ON' if thorough else 'OFF'}")
        for name in self._tables:
            for sql in self._statements(name):
                execute(sql)

    @contextmanager
    def write(self) -> Iterator[SqliteDraft]:
        """A transaction on the draft; the database is only read."""
        self.execute("BEGIN")
        try:
            yield self
            self.execute("COMMIT")
        finally:
            self._roll_back()

    @contextmanager
    def swap(self) -> Iterator[SqliteDraft]:
        """A transaction on both that ends with the draft in the place of what was there."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield self
            for name in self._tables:
                self._replace(name)
            self.execute("COMMIT")
        finally:
            self._roll_back()

    def execute(self, sql: str, params: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement. Raises StorageError with SQLite's own words."""
        try:
            return self._connection.execute(sql, params)
        except sqlite3.Error as error:
            raise _told(self._path, error) from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _statements(self, name: str) -> list[str]:
        """How the table and its indexes are made, in the draft: a full-text table as a plain one, which is
        filled more quickly; it becomes one when it is copied."""
        if self._is_virtual(name):
            return [f"CREATE TABLE main.{name} ({', '.join(self._columns(name))})"]
        rows = self._connection.execute(
            "SELECT name, type, sql FROM old.sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index')"
            " ORDER BY type DESC",
            (name,),
        )
        return [row["sql"] for row in rows if row["type"] == "table" or row["name"] in self._indexes]

    def _replace(self, name: str) -> None:
        columns = ", ".join(self._columns(name))
        # Made at the end, an index is sorted once instead of being kept up row by row.
        indexes = self._connection.execute(
            "SELECT name, sql FROM old.sqlite_master"
            " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (name,),
        ).fetchall()
        for index in indexes:
            self.execute(f"DROP INDEX old.{index['name']}")
        if self._is_virtual(name):
            # Row by row, a full-text table is emptied slowly.
            (sql,) = self._connection.execute(
                "SELECT sql FROM old.sqlite_master WHERE name = ?", (name,)
            ).fetchone()
            self.execute(f"DROP TABLE old.{name}")
            self.execute(re.sub(f'"?{name}"?', f"old.{name}", sql, count=1))
            columns = f"rowid, {columns}"
        else:
            self.execute(f"DELETE FROM old.{name}")
        self.execute(f"INSERT INTO old.{name} ({columns}) SELECT {columns} FROM main.{name}")
        for index in indexes:
            self.execute(re.sub(r"INDEX (\w+)", r"INDEX old.\1", index["sql"], count=1))

    def _is_virtual(self, name: str) -> bool:
        found = self._connection.execute(
            "SELECT sql LIKE 'CREATE VIRTUAL%' FROM old.sqlite_master WHERE name = ?", (name,)
        ).fetchone()
        return bool(found[0])

    def _columns(self, name: str) -> list[str]:
        return [row["name"] for row in self._connection.execute(f"PRAGMA old.table_info({name})")]


@contextmanager
def opened(
    database: Path, tables: Sequence[str], indexes: Sequence[str], *, thorough: bool, busy_seconds: float
) -> Iterator[SqliteDraft]:
    """A draft beside the database, which is gone when the block ends."""
    path = database.with_name(database.name + SUFFIX)
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            draft = SqliteDraft(path, connection, tables, indexes)
            draft.take()
            try:
                draft.begin(database, thorough=thorough, busy_seconds=busy_seconds)
                yield draft
            finally:
                path.unlink()
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def _told(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(explained(path, getattr(error, "sqlite_errorname", ""), str(error)))
