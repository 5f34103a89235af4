"""What a phone keeps, in one SQLite file: the server's copies, the outbox with its kept changes, drafts, the to-mend list.

Promises: when `together` returns its work is on the disk (WAL, synchronous=FULL), and a kill at any moment leaves all of it or
none; one process at a time (EXCLUSIVE locking, which also spares the memory-mapped file that a full disk turns into a
crash, RELIABILITY 0.1); a full disk is answered in words, and a ballast file is given up so that work can go on.
Leaves to others: what any of it means (`notebook`, `shared.sync.converse`) and sealing it (`vault`).
"""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from shared.record import Key, Record
from shared.sync.converse import Copy, Enrolment, Mend, PhoneError, Written, stamps_of

T = TypeVar("T")
VERSION = 1
BALLAST_BYTES = 8 * 1024 * 1024
RESERVE_USED = (
    "手机存储快满了，已动用预留空间，内容已存好；请尽快删除一些照片或应用。"
    " / Storage is nearly full: the reserve was used and your work is saved; free some space soon."
)

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE changes (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, village TEXT, household TEXT,
    stamp TEXT NOT NULL, document TEXT NOT NULL, acknowledged INTEGER, refused INTEGER NOT NULL
);
CREATE INDEX changes_by_record ON changes (kind, id);
CREATE INDEX changes_unsent ON changes (number) WHERE acknowledged IS NULL;
CREATE TABLE copies (
    kind TEXT NOT NULL, id TEXT NOT NULL, village TEXT, household TEXT, document TEXT NOT NULL,
    highest TEXT NOT NULL, epoch TEXT, has_left INTEGER NOT NULL, stale INTEGER NOT NULL, PRIMARY KEY (kind, id)
);
CREATE INDEX copies_by_household ON copies (household, kind);
CREATE INDEX copies_left ON copies (kind, id) WHERE has_left;
CREATE TABLE grants (name TEXT PRIMARY KEY, cursor TEXT, filled INTEGER NOT NULL);
CREATE TABLE mends (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX mends_by_record ON mends (kind, id);
CREATE TABLE drafts (kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, id));
"""

_CHANGE = "SELECT number, kind, id, village, household, stamp, document, acknowledged, refused FROM changes"
_COPY = "SELECT kind, id, village, household, document, has_left, stale FROM copies"


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


class Store:
    """One profile: a folder with `phone.sqlite3` and `ballast`. Safe for several threads of one process.

    `notice` is a sentence to show once when the ballast was given up, else None.
    """

    def __init__(self, folder: Path, ballast_bytes: int = BALLAST_BYTES) -> None:
        self.folder = folder
        self.notice: str | None = None
        self._lock = threading.RLock()
        self._ballast = folder / "ballast"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = self._open()
        except OSError as error:
            raise ProfileUnusable(str(error)) from error
        self._keep_ballast(ballast_bytes)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # --- opening, transactions, the full disk ----------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self.folder / "phone.sqlite3")
        except StorageFull:
            if not self._give_up_ballast():
                raise
            return _connect(self.folder / "phone.sqlite3")

    def together(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._connection.in_transaction:
                return work()
            try:
                return self._attempt(work)
            except StorageFull:
                if not self._give_up_ballast():
                    raise
                result = self._attempt(work)
                self.notice = RESERVE_USED
                return result

    def _attempt(self, work: Callable[[], T]) -> T:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            result = work()
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if _is_full(error):
                raise StorageFull from error
            raise
        return result

    def _keep_ballast(self, size: int) -> None:
        """Room set aside in good times; a phone that has none left does without."""
        try:
            if self._ballast.exists() and self._ballast.stat().st_size >= size:
                return
            if shutil.disk_usage(self.folder).free < 3 * size:
                return
            part = self.folder / "ballast.part"
            with part.open("wb") as file:
                for start in range(0, size, 65536):
                    file.write(b"\0" * min(size - start, 65536))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._ballast)
        except OSError:
            (self.folder / "ballast.part").unlink(missing_ok=True)

    def _give_up_ballast(self) -> bool:
        if not self._ballast.exists():
            return False
        self._ballast.unlink()
        return True

    def _rows(self, sql: str, *values: Any) -> list[tuple]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _run(self, sql: str, *values: Any) -> int:
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    # --- facts and the enrolment -----------------------------------------------------------------------------------

    def fact(self, name: str) -> Any:
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, _json(value))

    def enrolment(self) -> Enrolment | None:
        body = self.fact("enrolment")
        return Enrolment(**body) if body else None

    def set_enrolment(self, enrolment: Enrolment) -> None:
        self.set_fact("enrolment", asdict(enrolment))

    # --- the outbox and the kept changes ---------------------------------------------------------------------------

    def append(self, written: Written) -> None:
        """Put a change at the end of the outbox under `next_number`, which moves on."""
        self._put_change(written)
        self.set_fact("next_number", written.number + 1)

    def rewrite(self, written: Written) -> None:
        self._put_change(written)

    def _put_change(self, written: Written) -> None:
        self._run(
            "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            written.number,
            *written.key,
            written.village,
            written.household,
            written.stamp,
            _json({"set": written.set, "base": written.base}),
            written.acknowledged,
            written.refused,
        )

    def unsent(self, limit: int = -1) -> list[Written]:
        return _changes(self._rows(f"{_CHANGE} WHERE acknowledged IS NULL ORDER BY number LIMIT ?", limit))

    def count_unsent(self) -> int:
        return self._rows("SELECT count(*) FROM changes WHERE acknowledged IS NULL")[0][0]

    def unsent_keys(self) -> set[Key]:
        """Records with something unsent under them."""
        return {Key(*row) for row in self._rows("SELECT DISTINCT kind, id FROM changes WHERE acknowledged IS NULL")}

    def numbers(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM changes ORDER BY number")]

    def numbered(self, number: int) -> Written | None:
        return next(iter(_changes(self._rows(f"{_CHANGE} WHERE number = ?", number))), None)

    def of_record(self, key: Key) -> list[Written]:
        return _changes(self._rows(f"{_CHANGE} WHERE kind = ? AND id = ? ORDER BY number", *key))

    def unacknowledge(self, since: int) -> None:
        self._run("UPDATE changes SET acknowledged = NULL WHERE number >= ?", since)

    def renumber(self, pairs: Sequence[tuple[int, int]]) -> None:
        for old, new in pairs:  # by way of negative numbers, so that no two ever meet
            self._run("UPDATE changes SET number = ? WHERE number = ?", -new, old)
        self._run("UPDATE changes SET number = -number WHERE number < 0")

    def forget_kept(self, before: int) -> None:
        self._run("DELETE FROM changes WHERE acknowledged < ?", before)

    # --- the server's copies ---------------------------------------------------------------------------------------

    def copy(self, key: Key) -> Copy | None:
        rows = self._rows(f"{_COPY} WHERE kind = ? AND id = ?", *key)
        return _read_copy(rows[0]) if rows else None

    def copies(self, kind: str) -> list[Copy]:
        """Every copy of one kind."""
        return [_read_copy(row) for row in self._rows(f"{_COPY} WHERE kind = ?", kind)]

    def put_copy(self, copy: Copy) -> None:
        record = copy.record
        self._run(
            "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *record.key,
            record.village,
            record.household,
            _json({"values": record.values, "stamps": record.stamps}),
            max(stamps_of(record.stamps), default=""),
            self.fact("epoch"),
            copy.left,
            copy.stale,
        )

    def drop_copy(self, key: Key) -> None:
        self._run("DELETE FROM copies WHERE kind = ? AND id = ?", *key)

    def places(self) -> list[tuple[Key, str | None, str | None]]:
        rows = self._rows("SELECT kind, id, village, household FROM copies")
        return [(Key(kind, id_), village, household) for kind, id_, village, household in rows]

    def copies_left(self) -> list[Key]:
        return [Key(*row) for row in self._rows("SELECT kind, id FROM copies WHERE has_left")]

    def mark_stale(self) -> None:
        self._run(
            "UPDATE copies SET stale = 1 WHERE epoch IS NOT ? AND NOT stale AND NOT EXISTS (SELECT 1 FROM changes"
            " WHERE changes.kind = copies.kind AND changes.id = copies.id AND acknowledged IS NULL)",
            self.fact("epoch"),
        )

    def highest_stamp(self) -> str | None:
        sql = "SELECT max(s) FROM (SELECT max(stamp) AS s FROM changes UNION ALL SELECT max(highest) FROM copies)"
        return self._rows(sql)[0][0] or None

    # --- grants ----------------------------------------------------------------------------------------------------

    def grants(self) -> dict[str, Any]:
        rows = self._rows("SELECT name, cursor FROM grants ORDER BY name")
        return {name: json.loads(cursor) if cursor else None for name, cursor in rows}

    def set_grants(self, cursors: Mapping[str, Any], complete: Iterable[str]) -> None:
        filled = {name for name in cursors if self.filled(name)}.union(complete)
        self._run("DELETE FROM grants")
        for name, cursor in cursors.items():
            self._run(
                "INSERT INTO grants VALUES (?, ?, ?)", name, None if cursor is None else _json(cursor), name in filled
            )

    def filled(self, grant: str) -> bool:
        """Whether this grant's first fill is complete: before that, no due list may be shown for it."""
        return bool(self._rows("SELECT 1 FROM grants WHERE name = ? AND filled", grant))

    def refill(self, grant: str) -> None:
        """Forget one grant's cursor: the next sync fills it anew, without touching the outbox."""
        self.together(lambda: self._run("UPDATE grants SET cursor = NULL WHERE name = ?", grant))

    def forget_cursors(self) -> None:
        self._run("UPDATE grants SET cursor = NULL")

    # --- the to-mend list and the drafts ---------------------------------------------------------------------------

    def add_mend(self, mend: Mend) -> None:
        taken = {row[0] for row in self._rows("SELECT number FROM mends")}
        mend.number = mend.number if mend.number not in taken else max(taken) + 1
        self.put_mend(mend)

    def put_mend(self, mend: Mend) -> None:
        self._run(
            "INSERT OR REPLACE INTO mends VALUES (?, ?, ?, ?)", mend.number, mend.kind, mend.id, _json(asdict(mend))
        )

    def mends(self) -> list[Mend]:
        return [Mend(**json.loads(row[0])) for row in self._rows("SELECT document FROM mends ORDER BY number")]

    def mends_of(self, key: Key) -> list[Mend]:
        rows = self._rows("SELECT document FROM mends WHERE kind = ? AND id = ? ORDER BY number", *key)
        return [Mend(**json.loads(row[0])) for row in rows]

    def drop_mend(self, number: int) -> None:
        self._run("DELETE FROM mends WHERE number = ?", number)

    def put_draft(self, key: Key, values: Mapping[str, Any]) -> None:
        """Keep what is typed and not yet saved, at once."""
        sql = "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)"
        self.together(lambda: self._run(sql, *key, _json(dict(values))))

    def draft(self, key: Key) -> dict[str, Any] | None:
        rows = self._rows("SELECT document FROM drafts WHERE kind = ? AND id = ?", *key)
        return json.loads(rows[0][0]) if rows else None

    def drafts(self) -> dict[Key, dict[str, Any]]:
        rows = self._rows("SELECT kind, id, document FROM drafts ORDER BY kind, id")
        return {Key(kind, id_): json.loads(document) for kind, id_, document in rows}

    def drop_draft(self, key: Key) -> None:
        self.together(lambda: self._run("DELETE FROM drafts WHERE kind = ? AND id = ?", *key))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before the first read: no -shm file at all
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise ProfileUnusable(f"version {version}; 请升级应用 / update the app")
        if version < VERSION:
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close()
        if _is_full(error):
            raise StorageFull from error
        if isinstance(error, sqlite3.Error):
            busy = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            raise (ProfileInUse(str(path.parent)) if busy else ProfileUnusable(str(error))) from error
        raise
    return connection


def _is_full(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _changes(rows: Iterable[tuple]) -> list[Written]:
    found = []
    for number, kind, id_, village, household, stamp, document, acknowledged, refused in rows:
        body = json.loads(document)
        found.append(
            Written(
                number, kind, id_, village, household, stamp, body["set"], body["base"], acknowledged, bool(refused)
            )
        )
    return found


def _read_copy(row: tuple) -> Copy:
    kind, id_, village, household, document, left, stale = row
    body = json.loads(document)
    return Copy(Record(kind, id_, village, household, body["values"], body["stamps"]), bool(left), bool(stale))
