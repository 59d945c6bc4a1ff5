"""The waist on SQLite, through sqlite-utils: write-ahead log, `BEGIN IMMEDIATE`, migrations.

The only module that may import sqlite3 or sqlite_utils.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

from sqlite_utils import Database as Connection
from sqlite_utils.migrations import Migrations

from storage import sqlite_draft
from storage.database import Draft, Rows, Tx
from storage.errors import StorageError
from storage.faults import explained, has_log

BUSY_SECONDS = 30
FORGET_SECONDS = 2
BOOKKEEPING = ("cursors", "sightings", "visits", "hubs", "_sqlite_migrations")
"""The tables of log.db that are of use to this installation only."""


class SqliteTx:
    """A transaction on one connection."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Rows:
        if not self._connection.conn.in_transaction:
            # SQLite ended it after an error that somebody swallowed: this would be a transaction of its own.
            raise StorageError(f"{self._path}: the transaction is over")
        try:
            rows: Rows = self._connection.conn.execute(sql, params)
            return rows
        except sqlite3.Error as error:
            raise _told(self._path, error) from error


class SqliteDatabase:
    """One SQLite file and a handful of open connections to it."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._writers = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with self._transaction("BEGIN") as connection:
            connection.conn.execute("PRAGMA query_only = ON")
            try:
                yield SqliteTx(connection, self.path)
            finally:
                connection.conn.execute("PRAGMA query_only = OFF")

    @contextmanager
    def write(self, *, durable: bool = True, thorough: bool = False) -> Iterator[Tx]:
        # A deferred transaction that first reads fails at once behind another writer, whatever the timeout.
        # The threads of one process queue before SQLite, which would have them ask again and again.
        with (
            self._writers,
            self._transaction(
                "BEGIN IMMEDIATE", "FULL" if durable else "NORMAL", thorough=thorough
            ) as connection,
        ):
            yield SqliteTx(connection, self.path)

    def migrate(self) -> list[str]:
        migrations = _migrations(self._schema)
        with self._connection() as connection:
            if not migrations.pending(connection):
                return []
        with self._transaction("BEGIN IMMEDIATE") as connection:
            names = [step.name for step in migrations.pending(connection)]
            migrations.apply(connection)
            return names

    @contextmanager
    def draft(
        self, tables: Sequence[str], indexes: Sequence[str] = (), *, thorough: bool = False
    ) -> Iterator[Draft]:
        with sqlite_draft.opened(
            self.path, tables, indexes, thorough=thorough, busy_seconds=BUSY_SECONDS
        ) as draft:
            yield draft
        self.forget()  # the write-ahead log has grown by all that was copied

    def copy(self, path: Path) -> None:
        try:
            if self._schema == "people":
                _make_private(path)
            with self._connection() as connection, closing(sqlite3.connect(path)) as target:
                try:
                    connection.conn.backup(target)
                    found = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
                except sqlite3.Error as error:
                    raise StorageError(f"cannot write a copy: {_told(path, error)}") from error
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"cannot write the copy {path}: {error}") from error
        if found != "ok":
            raise StorageError(explained(self.path, "SQLITE_CORRUPT", found))

    def compact(self, path: Path) -> None:
        if self._schema != "log":
            raise StorageError(f"{self.path} is private: there is no copy of it for others")
        if path.exists():
            raise StorageError(f"{path} is there already: name another file, or take it away first")
        unfinished = path.with_name(f"{path.name}.unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            with self._connection() as connection:
                connection.conn.execute("VACUUM INTO ?", (str(unfinished),))
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
                for table in BOOKKEEPING:
                    copy.execute(f"DROP TABLE {table}")
                copy.execute("VACUUM")
            unfinished.rename(path)
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"cannot write the copy {path}: {error}") from error
        finally:
            with suppress(OSError):  # where there is no such folder, for one
                unfinished.unlink()

    def migrations(self) -> list[str]:
        with self._connection() as connection:
            return [step.name for step in _migrations(self._schema).applied(connection)]

    def fallen_guards(self) -> list[str]:
        fresh = Connection(memory=True)
        _migrations(self._schema).apply(fresh)
        with self._connection() as connection:
            standing, due = _guarded(connection), _guarded(fresh)
        fresh.close()
        fallen = [f"the {name} is missing or was altered" for name in due if standing.get(name) != due[name]]
        return sorted(fallen + [f"the {name} does not belong there" for name in standing if name not in due])

    def forget(self) -> bool:
        # secure_delete has overwritten the rows; older pages of the write-ahead log still hold them.
        with self._connection() as connection:
            connection.conn.execute(f"PRAGMA busy_timeout = {FORGET_SECONDS * 1000}").fetchall()
            try:
                busy = connection.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.conn.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}").fetchall()
            return not busy

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _transaction(
        self, begin: str, synchronous: str = "FULL", *, thorough: bool = False
    ) -> Iterator[Connection]:
        with self._connection(writing=begin != "BEGIN") as connection:
            # With a write-ahead log, NORMAL commits without waiting for the disk.
            connection.conn.execute(f"PRAGMA synchronous = {synchronous}")
            secure = thorough or self._schema == "people"
            connection.conn.execute(f"PRAGMA secure_delete = {'ON' if secure else 'OFF'}").fetchall()
            connection.conn.execute(begin)
            try:
                yield connection
                connection.conn.execute("COMMIT")
            finally:
                if connection.conn.in_transaction:  # else SQLite rolled it back itself, as on a full disk
                    connection.conn.execute("ROLLBACK")

    @contextmanager
    def _connection(self, *, writing: bool = False) -> Iterator[Connection]:
        """A connection for one use. One that met an error is not used again: the next has a fresh look."""
        try:
            connection = self._taken()
        except StorageError as error:
            if writing or not _only_looking_helps(error) or not self.path.is_file() or has_log(self.path):
                raise
            connection = None
        if connection is None:
            with self._as_it_stands() as connection:
                yield connection
            return
        try:
            yield connection
        except sqlite3.Error as error:
            connection.close()
            raise _told(self.path, error) from error
        except StorageError:
            connection.close()
            raise
        except BaseException:
            self._idle.put(connection)
            raise
        self._idle.put(connection)

    def _taken(self) -> Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self) -> Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._schema == "people":
                _make_private(self.path)
            raw = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                return self._prepared(raw)
            except sqlite3.Error:
                raw.close()
                raise
        except OSError as error:
            raise StorageError(f"cannot open the database {self.path}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise _told(self.path, error) from error

    @contextmanager
    def _as_it_stands(self) -> Iterator[Connection]:
        """A look at a file where SQLite cannot make its files beside it, since the folder is read-only or
        the disk is full: without locks, which is sound as long as nobody writes the file meanwhile."""
        before = _stamp(self.path)
        raw = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            raw.isolation_level, raw.row_factory = None, sqlite3.Row
            yield Connection(raw)
        except sqlite3.Error as error:
            raise _told(self.path, error) from error
        finally:
            raw.close()
            if _stamp(self.path) != before:
                raise StorageError(f"{self.path}: was written to while it was read without locks: try again")

    def _prepared(self, raw: sqlite3.Connection) -> Connection:
        raw.row_factory = sqlite3.Row
        connection = Connection(raw)
        _use_wal(raw)
        raw.execute("PRAGMA foreign_keys = ON")
        return connection


def _use_wal(raw: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. Where several processes first open a new file at once, SQLite refuses
    all but one of them without waiting, so that the others have to ask again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _told(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(explained(path, getattr(error, "sqlite_errorname", ""), str(error)))


def _only_looking_helps(error: StorageError) -> bool:
    """Whether a file could not be opened since something had to be written for it."""
    told = error.__cause__
    kinds = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
    return isinstance(told, sqlite3.Error) and getattr(told, "sqlite_errorcode", 0) & 0xFF in kinds


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _make_private(path: Path) -> None:
    """For the owner's eyes only, from the first byte on; SQLite gives the files beside it the same mode.

    A file that is there already is not opened: closing it again would drop the locks that SQLite holds on it
    for this whole process (POSIX locks belong to a process), and the next one to leave would take the
    write-ahead log away under our hands.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass


def _guarded(connection: Connection) -> dict[str, str]:
    """All triggers, and the table whose rows they keep, as they were made."""
    rows = connection.conn.execute(
        "SELECT type || ' ' || name, sql FROM sqlite_master"
        " WHERE type = 'trigger' OR type = 'table' AND name = 'events'"
    )
    return {row[0]: row[1] for row in rows}


def _migrations(schema: str) -> Migrations:
    """The numbered SQL files of a schema, as a sqlite-utils migration set."""
    migrations = Migrations(f"communique_{schema}")
    folder = resources.files("storage") / "migrations" / "sqlite" / schema
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            script = file.read_text(encoding="utf-8")

            def apply(connection: Connection, script: str = script) -> None:
                for statement in _statements(script):
                    connection.conn.execute(statement)

            migrations(name=file.name.removesuffix(".sql"))(apply)
    return migrations


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements. (`executescript` would commit the transaction it runs in.)"""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
