"""`ruhu restore`: a backup in the place of what the database holds.

Promises: nothing is touched before the whole file is checked; nothing is deleted (SQLite's file gets another name, PostgreSQL's content is
dumped first, photos that are here stay and get company); either all of it happens or none; a new epoch begins, so every phone reads anew. The server must not be serving meanwhile:
that is found out and refused, and a process that only slept through it must be started anew, for it remembers the old epoch. Leaves to
others: printing, and sending again what phones kept (they do so by themselves).
"""

import fcntl
import os
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine

from server import audit
from server.access import new_epoch
from server.config import AUDIT_KEY, Config
from server.disk import sync_to_disk
from server.photos.store import PhotoStore
from server.service import PHOTOS, now_ms
from server.store import Database, TownshipStore, prepare_sqlite
from server.upkeep import dump
from server.upkeep.backup import BackupError, in_words, must_be_whole, pack, temporary
from server.upkeep.photos import BringBack, check_photos
from shared.moments import iso

PATIENCE_SECONDS = 3


def restore(database: Database, config: Config, file: Path, photos: PhotoStore | None = None) -> dict[str, Any]:
    """Put a backup in the place of what the database holds, which is set aside, and its photos where `photos` misses them.
    BackupError; then nothing was changed.

    Returns {"file", "epoch", "taken_at", "last_change_at", "redo_since", "heads": {township: log position}, "rows",
    "set_aside": where the old content is kept, or None, "photos": {"put", "there"} or None for a backup without them, "message"};
    moments are ISO 8601 +08:00, `last_change_at` is None for an empty log.
    """
    with ExitStack() as stack:
        stack.enter_context(in_words(database))
        archive, manifest = _open(stack, file)
        if manifest.get("photos") and photos is None:
            raise ValueError("a backup with photos needs a place to put them")
        epoch = new_epoch()
        database.engine.dispose()  # our own connections must not be taken for somebody else's
        stack.callback(database.engine.dispose)
        renew = _restore_sqlite if database.is_sqlite else _restore_postgresql
        secrets = [ready for name in dump.SECRETS if (ready := _make_ready(stack, config, archive, name))]
        bring = None
        if photos is not None and manifest.get("photos"):
            bring = BringBack(photos, config.instance / PHOTOS, archive, manifest)
        try:
            set_aside = renew(database, config, archive, manifest, epoch, bring)
        except BaseException:
            if bring:
                bring.undo()
            raise
        if bring:
            bring.done()
        for path, fresh in secrets:
            _exchange(path, fresh)
    redo_since = manifest["last_change_at"] or manifest["taken_at"]
    return {
        "file": str(file),
        "epoch": epoch,
        "taken_at": manifest["taken_at"],
        "last_change_at": manifest["last_change_at"],
        "redo_since": redo_since,
        "heads": manifest["heads"],
        "rows": sum(entry.get("rows", 0) for entry in manifest["members"]),
        "set_aside": None if set_aside is None else str(set_aside),
        "photos": bring and {"put": bring.put, "there": bring.there},
        "message": _words(manifest["taken_at"], redo_since, bring),
    }


def _words(taken_at: str, redo_since: str, bring: BringBack | None) -> str:
    zh, en = (
        "备份不含照片，服务器上的照片原样保留。",
        "The backup holds no photos; those on the server stay as they are.",
    )
    if bring:
        zh = f"照片补回 {bring.put} 张，原在的 {bring.there} 张未动。"
        en = f"{bring.put} photos were put back, {bring.there} were there already."
    return (
        f"已恢复到 {taken_at} 的备份，并开始新的历史（epoch）。{redo_since} 之后在乡镇做的裁定、导入、搬迁和授权不在任何手机里，"
        f"须重做；手机会自动补传各自填写的内容；此后注册的手机须重新注册（ruhu enrol）。{zh}请重新启动服务器。"
        f" / Restored the backup of {taken_at} and began a new history (epoch). Desk decisions, imports, moves and grants made"
        f" after {redo_since} are on no phone and must be redone; phones send their own words again by themselves; whoever"
        f" enrolled after that must enrol again (ruhu enrol). {en} Start the server anew."
    )


def _open(stack: ExitStack, file: Path) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    """The backup, checked to its last byte. BackupError for one that is damaged, or newer than this program."""
    if not file.is_file():
        raise BackupError(f"没有这个文件：{file} / There is no such file: {file}")
    try:
        archive = stack.enter_context(dump.open_archive(file))
        manifest = dump.read_manifest(archive)
        if manifest["format"] <= dump.FORMAT:
            check_photos(archive, manifest)
    except dump.DamagedError as error:
        raise BackupError(
            f"备份文件不完整或已损坏（{error}），未作任何改动；请换一份备份。"
            f" / The backup is damaged or cut short ({error}); nothing was changed; use another one."
        ) from error
    if manifest["format"] > dump.FORMAT or not dump.is_known(manifest["revision"]):
        raise BackupError(
            "备份来自更新版本的 Ruhu，请先升级程序再恢复；未作任何改动。"
            " / The backup is from a newer Ruhu; update the program first. Nothing was changed."
        )
    return archive, manifest


def _fill(
    connection: Connection, database: Database, archive: zipfile.ZipFile, manifest: dict[str, Any], epoch: str
) -> None:
    """Rows into an empty schema of their revision, then up to ours; the new epoch, and a line in the audit trail."""
    dump.make_schema(connection, database.kinds, manifest["revision"], _tables(manifest))
    dump.load_tables(connection, archive, manifest)
    if manifest["revision"] is not None:
        dump.migrate(connection, "head")
    store = TownshipStore(database, connection, "")
    now = now_ms()
    store.sql("UPDATE server SET epoch = ?, started_at = ?", epoch, now)
    for township in manifest["heads"]:
        chain = TownshipStore(database, connection, township)
        if AUDIT_KEY in archive.namelist():
            chain.audit_key = archive.read(AUDIT_KEY)  # the chain goes on as it was begun
        audit.write(chain, audit.COMMAND, "restore", now, details={"from": manifest["epoch"], "to": epoch})


def _tables(manifest: dict[str, Any]) -> list[str]:
    return [entry["table"] for entry in manifest["members"] if "table" in entry]


# --- into SQLite ---------------------------------------------------------------------------------------------------


def _restore_sqlite(
    database: Database,
    config: Config,
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    epoch: str,
    bring: BringBack | None,
) -> Path | None:
    """Build the database beside the present one, then let them change places."""
    present = Path(str(database.engine.url.database))
    with _alone(config, present), temporary(present, "restoring") as fresh:
        engine = create_engine(URL.create("sqlite", database=str(fresh)), poolclass=NullPool)
        prepare_sqlite(engine)
        with engine.connect() as connection, connection.begin():
            _fill(connection, database, archive, manifest, epoch)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as built:
            must_be_whole(built)
            built.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        sync_to_disk(fresh)
        if bring:
            bring()  # no record may stand there before its photo does
        set_aside = _set_aside(present) if present.exists() else None
        fresh.replace(present)
        sync_to_disk(present.parent)
    return set_aside


@contextmanager
def _alone(config: Config, present: Path) -> Iterator[None]:
    """Hold the database for ourselves. BackupError when another process writes, or only has it open."""
    with (config.instance / "writer.lock").open("a") as lock, ExitStack() as stack:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use() from error
        if present.exists():
            held = sqlite3.connect(present, timeout=PATIENCE_SECONDS, isolation_level=None)
            stack.callback(held.close)
            try:
                held.execute("PRAGMA journal_mode=DELETE")  # refused while anybody else has the file open
                held.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise
                raise _in_use() from error
            except sqlite3.DatabaseError:
                held.close()  # damaged: just what a restore is for
        yield


def _in_use() -> BackupError:
    return BackupError(
        "有程序正在使用数据库（服务器还在运行？），请先停止它再恢复；未作任何改动。"
        " / The database is in use (is the server running?); stop it first. Nothing was changed."
    )


# --- into PostgreSQL -----------------------------------------------------------------------------------------------


def _restore_postgresql(
    database: Database,
    config: Config,
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    epoch: str,
    bring: BringBack | None,
) -> Path | None:
    """All in one transaction: what stands is locked and dumped into the instance folder, emptied, filled again.

    Tables of the same revision are emptied where they stand, so that partitions and distribution stay; others are made anew.
    """
    with database.engine.connect() as connection, connection.begin():
        _refuse_others(connection)
        connection.exec_driver_sql("SET LOCAL client_encoding TO 'UTF8'")
        set_aside = None
        present = dump.our_tables(connection, database.kinds)
        if present:
            listed = ", ".join(f'"{table}"' for table in present)
            connection.exec_driver_sql(f"SET LOCAL lock_timeout TO '{PATIENCE_SECONDS}s'")
            connection.exec_driver_sql(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")
            set_aside = _unused(config.instance / "content.zip")
            pack(connection, database, config, set_aside, now_ms())
            if dump.revision_of(connection) == manifest["revision"]:
                connection.exec_driver_sql(f"TRUNCATE {listed}")
            else:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {listed}, alembic_version")
        _fill(connection, database, archive, manifest, epoch)
        if bring:
            bring()
    return set_aside


def _refuse_others(connection: Connection) -> None:
    """BackupError while another session of the server's own account is open; one just closed takes a moment to go."""
    for _ in range(PATIENCE_SECONDS * 10):
        connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
        ((others,),) = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        if not others:
            return
        time.sleep(0.1)
    raise _in_use()


# --- what is set aside ---------------------------------------------------------------------------------------------


def _set_aside(present: Path) -> Path:
    """Keep a file under another name. The old name is never without a file: the new one takes it over."""
    aside = _unused(present)
    for tail in ("-wal", "-shm"):  # only a damaged database still has these here
        with suppress(FileNotFoundError):
            present.with_name(present.name + tail).rename(aside.with_name(aside.name + tail))
    try:
        os.link(present, aside)
    except OSError:  # a file system without links
        present.rename(aside)
    return aside


def _unused(path: Path) -> Path:
    moment = iso(now_ms())[:19].replace(":", "").replace("-", "")
    names = (path.with_name(f"{path.name}.before-{moment}{tail}") for tail in ("", *(f"-{n}" for n in range(2, 100))))
    return next(name for name in names if not name.exists())


def _make_ready(stack: ExitStack, config: Config, archive: zipfile.ZipFile, name: str) -> tuple[Path, Path] | None:
    """A private key of the backup beside where it belongs, on the disk before anything changes places; None where the same stands already."""
    path = config.instance / name
    if name not in archive.namelist():
        return None
    key = archive.read(name)
    if path.exists() and path.read_bytes() == key:
        return None
    fresh = stack.enter_context(temporary(path, "restoring"))
    fresh.write_bytes(key)
    sync_to_disk(fresh)
    return path, fresh


def _exchange(path: Path, fresh: Path) -> None:
    """The backup's private keys open what phones sealed, and are what phones know the server by; others standing there are kept beside."""
    if path.exists():
        _set_aside(path)
    fresh.replace(path)
    sync_to_disk(path.parent)
