"""A SQLite file that keeps its word on a cheap phone.

Promises: when `together` returns its work is on the disk (WAL, synchronous=FULL), and a kill at any moment leaves all of it or
none; one process at a time (EXCLUSIVE locking, which also spares the memory-mapped file that a full disk turns into a
crash, RELIABILITY 0.1); a full disk is answered in words, and a ballast file is given up so that work can go on.
Leaves to others: what is kept in it (`store`) and sealing it (`vault`).
"""

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from shared.sync.phone import PhoneError

T = TypeVar("T")
BALLAST = "ballast"
BALLAST_BYTES = 8 * 1024 * 1024
RESERVE_USED = (
    "手机存储快满了，已动用预留空间，内容已存好；请尽快删除一些照片或应用。"
    " / Storage is nearly full: the reserve was used and your work is saved; free some space soon."
)


class ProfileInUse(PhoneError):
    code = "profile_in_use"
    words = "这个档案正被另一个程序使用，请先关闭它。 / Another program is using this profile; close it first."


class ProfileUnusable(PhoneError):
    code = "profile_unusable"
    words = (
        "这个档案打不开，里面的内容没有被改动；请换一个文件夹或联系乡镇办公室。"
        " / This profile cannot be opened; nothing in it was changed. Use another folder or call the township desk."
    )


class StorageFull(PhoneError):
    code = "storage_full"
    words = (
        "手机存储已满，这一次没有存上；请删除一些照片或应用后再存一次。"
        " / The phone's storage is full and this was not saved: free some space, then save again."
    )


class StorageFailed(PhoneError):
    code = "storage_failed"
    words = (
        "手机存储读写出错，这一次没有存上；请重启手机后再试。"
        " / Reading or writing this phone's storage failed and this was not saved: restart the phone, then try again."
    )


class ProfileClosed(PhoneError):
    code = "profile_closed"
    words = "这个档案已经锁上，请解锁后再试。 / This profile is locked; unlock it, then try again."


class Disk:
    """One profile's folder with `phone.sqlite3` and `ballast`. Safe for several threads of one process.

    `notice` is a sentence to show once when the ballast was given up, else None.
    """

    def __init__(self, folder: Path, schemas: Sequence[str], ballast_bytes: int) -> None:
        self.folder = folder
        self.notice: str | None = None
        self._lock = threading.RLock()
        self._is_shut = False
        self._ballast = folder / BALLAST
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = self._open(folder / "phone.sqlite3", schemas)
        except OSError as error:
            raise ProfileUnusable(str(error)) from error
        self._keep_ballast(ballast_bytes)

    def close(self) -> None:
        """Close the file once the transaction under way has ended. Whoever still works with it is told ProfileClosed, and nothing is written."""
        with self._lock:
            self._is_shut = True
            self._connection.close()

    @property
    def writes(self) -> int:
        """A number that grows with every row written since the file was opened: while it stands, what was read still holds."""
        with self._lock:
            self._must_be_open()
            return self._connection.total_changes

    def _open(self, path: Path, schemas: Sequence[str]) -> sqlite3.Connection:
        try:
            return _connect(path, schemas)
        except StorageFull:
            if not give_up_ballast(self.folder):
                raise
            return _connect(path, schemas)

    # --- transactions and the full disk ----------------------------------------------------------------------------

    def together(self, work: Callable[[], T]) -> T:
        """Run `work` in one transaction, on the disk when this returns. It may be run twice, so it touches only this file.

        StorageFull, StorageFailed, ProfileUnusable for a damaged file, ProfileClosed; then nothing of it is kept.
        """
        with self._lock:
            self._must_be_open()
            if self._connection.in_transaction:
                return work()
            return self._with_room(lambda: self._attempt(work))

    def _with_room(self, act: Callable[[], T]) -> T:
        """Run `act`; when the disk is full, give up the ballast and run it once more."""
        try:
            return act()
        except StorageFull:
            if not give_up_ballast(self.folder):
                raise
            result = act()
            self.notice = RESERVE_USED
            return result

    def _attempt(self, work: Callable[[], T]) -> T:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            result = work()
            self._before_commit()
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._rolled_back()
            named = in_words(error)
            if named:
                raise named from error
            raise
        self._committed()
        return result

    def _before_commit(self) -> None:
        """For what must be on the disk before a transaction ends; an error here undoes the transaction."""

    def _committed(self) -> None:
        """For what follows a transaction that is on the disk."""

    def _rolled_back(self) -> None:
        """For what must be forgotten with a transaction."""

    def make_anew(self) -> None:
        """Write the whole file anew and empty the log beside it: nothing that was deleted or replaced is left on any page. StorageFull."""
        with self._lock:
            self._must_be_open()
            self._with_room(self._vacuum)

    def _vacuum(self) -> None:
        try:
            self._connection.execute("PRAGMA temp_store = MEMORY")  # a phone has no /tmp
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            named = in_words(error)
            if named:
                raise named from error
            raise

    def _keep_ballast(self, size: int) -> None:
        """Room set aside in good times; a phone that has none left does without."""
        try:
            if self._ballast.exists() and self._ballast.stat().st_size >= size:
                return
            if shutil.disk_usage(self.folder).free < 3 * size:
                return
            part = self.folder / f"{BALLAST}.part"
            with part.open("wb") as file:
                for start in range(0, size, 65536):
                    file.write(b"\0" * min(size - start, 65536))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._ballast)
        except OSError:
            (self.folder / f"{BALLAST}.part").unlink(missing_ok=True)

    def _must_be_open(self) -> None:
        if self._is_shut:
            raise ProfileClosed

    def _rows(self, sql: str, *values: Any) -> list[tuple]:
        with self._lock:
            self._must_be_open()
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                named = in_words(error)
                if named:
                    raise named from error
                raise

    def _run(self, sql: str, *values: Any) -> int:
        with self._lock:
            self._must_be_open()
            return self._connection.execute(sql, values).rowcount


def _connect(path: Path, schemas: Sequence[str]) -> sqlite3.Connection:
    """Open the file and bring it to the newest version: `schemas` are the statements of version 1, then what each later one adds."""
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before the first read: no -shm file at all
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > len(schemas):
            raise ProfileUnusable(f"version {found}; 请升级应用 / update the app")
        for schema in schemas[found:]:
            for statement in schema.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(schemas)}")
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close()
        if is_full(error):
            raise StorageFull from error
        if isinstance(error, sqlite3.Error):
            busy = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            raise (ProfileInUse(str(path.parent)) if busy else ProfileUnusable(str(error))) from error
        raise
    return connection


# --- small files and room ----------------------------------------------------------------------------------------------


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or our share of it, is full."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def in_words(error: BaseException) -> PhoneError | None:
    """What a person is told of an error of the disk or of SQLite; None for a fault of ours, which is nobody's to be told in words."""
    if is_full(error):
        return StorageFull()
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return ProfileUnusable(str(error))
    return StorageFailed(str(error)) if code in _FAILED else None


_FAILED = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def give_up_ballast(folder: Path) -> bool:
    """Give a profile's reserve back to the disk. False when it has none left."""
    ballast = folder / BALLAST
    if not ballast.exists():
        return False
    ballast.unlink()
    return True


def free_room(folder: Path) -> int:
    """Bytes that may still be written under a folder, once its reserve is whole again."""
    ballast = folder / BALLAST
    held = ballast.stat().st_size if ballast.exists() else 0
    return shutil.disk_usage(folder).free - max(0, BALLAST_BYTES - held)


def replace_file(path: Path, data: bytes) -> None:
    """Put a small file in place as a whole, mode 0600, on the disk when this returns. StorageFull, else OSError; then the old one stays."""
    part = path.with_name(f"{path.name}.part")
    try:
        with open_private(part, os.O_TRUNC) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if is_full(error):
            raise StorageFull from error
        raise


def open_private(path: Path, flags: int) -> IO[bytes]:
    """A file to write to, made with mode 0600 if it is not there."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600), "wb")


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
