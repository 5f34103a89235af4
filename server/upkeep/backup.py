"""`ruhu backup`: everything a server holds, in one file.

The file is a zip (`dump` and `photos` say how): a manifest, every table, the private keys (what phones sealed to, what they pinned), and the
photographs, so it must be kept as safe as the server itself (mode 0600). Promises: it is one consistent moment of a server that goes on
serving, with every photo that was there at that moment; it appears under its name only when it is whole and on disk. One made on SQLite may be restored into PostgreSQL and the other way round. Leaves to others: `restore`.
"""

import os
import secrets
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from server.config import Config
from server.disk import sync_to_disk
from server.photos.store import PhotoStore
from server.service import now_ms
from server.store import Database, TownshipStore
from server.upkeep import dump
from server.upkeep.photos import dump_photos
from shared.moments import iso


class BackupError(Exception):
    """A backup or restore cannot be done; the message says why and what to do, Chinese first, without anybody's words."""


def backup(database: Database, config: Config, file: Path, photos: PhotoStore | None = None) -> dict[str, Any]:
    """Write everything into a new file while the server goes on serving; without `photos` they stay behind, and the file says so.
    BackupError; then no file appears.

    Returns {"file", "database", "revision", "taken_at", "last_change_at", "epoch", "heads": {township: log position},
    "tables", "rows", "bytes", "seal_key": whether the private key came along, "photos": {"held", "bytes", "retired", "damaged"} as
    counts, or None without them, "message"}. Moments are ISO 8601 +08:00.
    """
    file = file.absolute()
    if file.exists():
        raise BackupError(f"文件已存在，不会覆盖：{file} / The file exists and is not overwritten: {file}")
    taken_at = now_ms()
    with in_words(database), _one_moment(database, file) as connection:
        manifest = pack(connection, database, config, file, taken_at, photos)
    tables = [entry for entry in manifest.pop("members") if "table" in entry]
    del manifest["format"]
    return {
        "file": str(file),
        **manifest,
        "tables": len(tables),
        "rows": sum(entry["rows"] for entry in tables),
        "bytes": file.stat().st_size,
        "message": "备份含有全部数据和解密手机内容的私钥，请像保管服务器一样保管。"
        " / The file holds all data and the private key to what phones sealed: keep it as safe as the server.",
    }


@contextmanager
def _one_moment(database: Database, file: Path) -> Iterator[Connection]:
    """One consistent view: a snapshot on PostgreSQL, on SQLite its own backup's copy, checked, gone afterwards."""
    if not database.is_sqlite:
        with database.engine.connect() as plain:
            connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection
        return
    source = Path(str(database.engine.url.database))
    if not source.exists():
        raise _not_set_up()
    with temporary(file, "copy") as copy:
        with closing(sqlite3.connect(source)) as served, closing(sqlite3.connect(copy)) as taken:
            served.backup(taken)  # in one step: writers go on, in the write-ahead log
            must_be_whole(taken)
        with create_engine(URL.create("sqlite", database=str(copy)), poolclass=NullPool).connect() as connection:
            yield connection


def pack(
    connection: Connection,
    database: Database,
    config: Config,
    file: Path,
    taken_at: int,
    photos: PhotoStore | None = None,
) -> dict[str, Any]:
    """Write what the connection sees into a zip beside `file`, bring it to disk, then give it its name.

    The photos are read after the moment that the connection sees: one that its records name and that was there is there still.
    """
    if not database.is_sqlite:
        connection.exec_driver_sql("SET LOCAL client_encoding TO 'UTF8'")
    heads, epoch, last = _history(connection, database)
    kept = [name for name in dump.SECRETS if (config.instance / name).exists()]
    manifest: dict[str, Any] = {
        "format": dump.FORMAT,
        "database": connection.dialect.name,
        "revision": dump.revision_of(connection),
        "taken_at": iso(taken_at),
        "last_change_at": None if last is None else iso(last),
        "epoch": epoch,
        "heads": heads,
        "seal_key": dump.SEAL_KEY in kept,
        "certificate": dump.CERTIFICATE in kept,
    }
    with temporary(file, "partial") as partial, partial.open("wb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            members = dump.dump_tables(connection, database.kinds, archive)
            for name in kept:
                members.append(dump.add_member(archive, name, [(config.instance / name).read_bytes()]))
            manifest["photos"] = None
            if photos is not None:
                pictures, manifest["photos"] = dump_photos(photos, archive)
                members += pictures
            manifest["members"] = members
            dump.add_manifest(archive, manifest)
        raw.flush()
        os.fsync(raw.fileno())
        _give_name(partial, file)
    return manifest


def _history(connection: Connection, database: Database) -> tuple[dict[str, int], str, int | None]:
    """Log positions, epoch, and when the newest change was taken (ms since 1970)."""
    if not {"server", "changes"} <= set(dump.our_tables(connection, database.kinds)):
        raise _not_set_up()
    store = TownshipStore(database, connection, "")
    heads = dict(map(tuple, store.sql("SELECT township, seq FROM township_counter ORDER BY township")))
    ((epoch,),) = store.sql("SELECT epoch FROM server") or (("",),)
    ((last,),) = store.sql("SELECT max(at) FROM changes")
    return heads, epoch, last


def _not_set_up() -> BackupError:
    return BackupError("数据库尚未建立，请先运行 ruhu upgrade。 / The database is not set up; run ruhu upgrade first.")


# --- shared with restore -------------------------------------------------------------------------------------------


@contextmanager
def in_words(database: Database) -> Iterator[None]:
    """What the disk or the database will not do, as a BackupError. The database's own words may quote a row: not passed on."""
    driver = database.engine.dialect.loaded_dbapi
    try:
        yield
    except OSError as error:
        raise BackupError(
            f"文件读写失败：{error.strerror}。请检查磁盘空间和权限；未作任何改动。"
            f" / Reading or writing a file failed: {error.strerror}. Check space and permissions; nothing was changed."
        ) from error
    except (DBAPIError, sqlite3.Error, driver.Error) as error:
        raise BackupError(
            f"数据库没有完成操作（{type(error).__name__}），未作任何改动。"
            f" / The database did not complete it ({type(error).__name__}); nothing was changed."
        ) from None


@contextmanager
def temporary(beside: Path, what: str) -> Iterator[Path]:
    """An empty file of mode 0600 in the same folder, gone at the end whatever happens."""
    path = beside.with_name(f".{beside.name}.{what}-{secrets.token_hex(4)}")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield path
    finally:
        for tail in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + tail).unlink(missing_ok=True)


def must_be_whole(connection: sqlite3.Connection) -> None:
    """SQLite's own check of every page. BackupError when it finds anything."""
    if [row[0] for row in connection.execute("PRAGMA integrity_check(1)")] != ["ok"]:
        raise BackupError(
            "SQLite 自检未通过，未作任何改动；请检查磁盘，并用上一份备份恢复。"
            " / SQLite's own check failed; nothing was changed. Check the disk and restore the last good backup."
        )


def _give_name(partial: Path, file: Path) -> None:
    """Give a finished file its name, and never take it from another."""
    try:
        os.link(partial, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        partial.rename(file)
    sync_to_disk(file.parent)
