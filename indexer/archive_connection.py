"""A connection to SQLite whose every failure names the file, as an IndexDamaged or an IndexBusy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from indexer.errors import DiskFull, IndexBusy, IndexDamaged

BUSY_TIMEOUT_S = 30.0


def connect(path: Path) -> Connection:
    """A connection in write-ahead mode, durable at each commit, usable from any one thread at a time."""
    with _named(path):
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S, factory=Connection
        )
    connection.path = path
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted, as by a takedown, is overwritten
    return connection


def copy_database(source: Path, target: Path) -> None:
    """Write the database as it is at one moment to a new file, while others read and write it.

    Raises IndexDamaged naming both files where one cannot be read or the other not written.
    """
    with closing(connect(source)) as original:
        try:
            with closing(sqlite3.connect(target)) as copy:
                original.backup(copy)
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(
                f"{source} cannot be copied to {target} ({error}); check the room and health of both disks"
            ) from error


class Connection(sqlite3.Connection):
    path: Path

    def __del__(self) -> None:
        """That of a thread ends with the thread; Python warns from 3.13 on of one that nobody closed."""
        with suppress(sqlite3.ProgrammingError):  # where it could not be opened
            self.close()

    def execute(self, *arguments: Any) -> Cursor:
        return self.cursor(Cursor).execute(*arguments)

    def executemany(self, *arguments: Any) -> Cursor:
        return self.cursor(Cursor).executemany(*arguments)

    def executescript(self, script: str) -> Cursor:
        with _named(self.path):
            cursor = self.cursor(Cursor)
            cursor.executescript(script)
            return cursor


class Cursor(sqlite3.Cursor):
    connection: Connection

    def execute(self, *arguments: Any) -> Cursor:
        with _named(self.connection.path):
            super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> Cursor:
        with _named(self.connection.path):
            super().executemany(*arguments)
        return self

    def __next__(self) -> Any:
        with _named(self.connection.path):
            return super().__next__()

    def fetchone(self) -> Any:
        with _named(self.connection.path):
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with _named(self.connection.path):
            return super().fetchall()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise IndexBusy(f"{path} is locked by another process; try again when it is done") from error
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(f"no room is left to write to {path}; nothing of this write was stored") from error
        raise IndexDamaged(
            f"{path} cannot be read or written ({error}); check the disk's room and health, else restore it from a backup"
        ) from error
