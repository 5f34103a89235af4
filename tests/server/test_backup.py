"""Backup and restore: one file that holds everything, checked before anything is touched, and a new epoch afterwards."""

import errno
import json
import sqlite3
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import Config
from server.store import TownshipStore
from server.upkeep import dump
from server.upkeep.backup import BackupError, backup
from server.upkeep.restore import restore
from server.upkeep.upgrade import create_all
from server.upkeep.verify import verify
from tests.server.backup_town import TOWNSHIP, Town, make_town, open_app, write_a_past

pytest_plugins = ["tests.server.backup_fixtures"]

HOLDERS = {
    "writing": "import fcntl; f = open('{instance}/writer.lock', 'a'); fcntl.flock(f, fcntl.LOCK_EX)",
    "idle": "import sqlite3; c = sqlite3.connect('{instance}/ruhu.db'); c.execute('SELECT count(*) FROM changes').fetchall()",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.ruhu"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return make_town(tmp_path / "instance")


def rewrite(file: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """The same backup with its manifest or members changed, checksums as they were unless changed too."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(dump.MANIFEST))
    change(manifest, members)
    with zipfile.ZipFile(file, "w") as archive:
        entries = []
        for name, content in members.items():
            (old,) = [entry for entry in manifest["members"] if entry["name"] == name]
            entries.append(old | dump.add_member(archive, name, [content]))
        dump.add_manifest(archive, manifest | {"members": entries})


def trail_of(town: Town) -> list[Any]:
    return list(map(tuple, town.sql('SELECT action, township, seq, at, "by", hash FROM audit ORDER BY township, seq')))


# --- there and back ------------------------------------------------------------------------------------------------


def test_a_restored_server_holds_what_the_backup_held_and_began_a_new_epoch(backed_town: Town, file: Path) -> None:
    past = write_a_past(backed_town)
    key = (backed_town.config.instance / "seal_key").read_bytes()
    before = backed_town.content()
    told = backup(backed_town.database, backed_town.config, file)
    past.wei.sync(past.wei.change("visit", past.visit, {"summary": "之后"}))
    assert backed_town.content() != before

    restored = restore(backed_town.database, backed_town.config, file)
    town = backed_town.anew()
    assert town.content() == before
    assert verify(town.database)["ok"]
    assert town.sql("SELECT epoch FROM server") == [(restored["epoch"],)] != [(told["epoch"],)]
    assert (town.config.instance / "seal_key").read_bytes() == key
    assert restored["heads"] == told["heads"] == {TOWNSHIP: len(before["changes"])}
    trail = [row for row in trail_of(town) if row[0] != "restore"]
    assert trail == [row for row in trail_of(backed_town) if row[0] != "restore"] != []
    assert town.sql("SELECT township FROM audit WHERE action = 'restore'") == [(TOWNSHIP,)]


def test_the_certificate_that_phones_pinned_comes_back_so_that_nobody_enrols_again(town: Town, file: Path) -> None:
    pinned = town.config.instance / "tls.pem"
    pinned.write_bytes(b"the township's own")
    backup(town.database, town.config, file)
    pinned.write_bytes(b"of a new computer")
    restore(town.database, town.config, file)
    assert pinned.read_bytes() == b"the township's own"
    assert [kept.read_bytes() for kept in pinned.parent.glob("tls.pem.before-*")] == [b"of a new computer"]


def test_it_says_from_when_decisions_and_imports_must_be_redone(town: Town, file: Path) -> None:
    write_a_past(town)
    town.sql("UPDATE changes SET at = 1535940900000")
    town.sql("UPDATE changes SET at = 1535944500000 WHERE seq = 3")
    backup(town.database, town.config, file)
    told = restore(town.database, town.config, file)
    assert told["last_change_at"] == told["redo_since"] == "2018-09-03T11:15:00+08:00"
    assert "2018-09-03T11:15:00+08:00 之后" in told["message"]


def test_with_an_empty_log_everything_after_the_backup_must_be_redone(town: Town, file: Path) -> None:
    backup(town.database, town.config, file)
    told = restore(town.database, town.config, file)
    assert (told["last_change_at"], told["redo_since"]) == (None, told["taken_at"])


@pytest.mark.postgres
def test_what_sqlite_wrote_postgresql_reads_and_the_other_way_round(
    tmp_path: Path, file: Path, backup_postgres: str
) -> None:
    small, large = make_town(tmp_path / "one"), make_town(tmp_path / "two", backup_postgres)
    write_a_past(small)
    before = small.content()
    backup(small.database, small.config, file)
    restore(large.database, large.config, file)
    large.database.engine.dispose()
    large = large.anew()  # as after the restart that a restore asks for: with the key of the trail it brought
    assert verify(large.database)["ok"]
    assert (
        large.config.instance.joinpath("seal_key").read_bytes()
        == small.config.instance.joinpath("seal_key").read_bytes()
    )
    assert list(large.config.instance.glob("seal_key.before-*"))

    back = tmp_path / "back.ruhu"
    assert backup(large.database, large.config, back)["database"] == "postgresql"
    restore(small.database, small.config, back)
    assert small.anew().content() == before
    large.database.engine.dispose()


def test_a_lost_machine_is_restored_onto_an_empty_one(town: Town, file: Path, tmp_path: Path) -> None:
    write_a_past(town)
    backup(town.database, town.config, file)
    config = Config.at(tmp_path / "other")
    other = Town(config, open_app(config))
    assert restore(other.database, config, file)["set_aside"] is None
    assert other.content() == town.content()
    assert other.phone("wei").sync()["records"]


def test_a_schema_made_from_the_declarations_comes_back_as_it_was(
    backed_town: Town, file: Path, tmp_path: Path
) -> None:
    config = Config.at(tmp_path / "declared")
    declared = Town(config, open_app(config))
    create_all(declared.database, declared.app.extensions["ruhu_metadata"], config)
    assert backup(declared.database, config, file)["revision"] is None
    restore(backed_town.database, backed_town.config, file)
    assert backed_town.content() == declared.content()


# --- the phones afterwards -----------------------------------------------------------------------------------------


def test_a_phone_with_the_old_epoch_reads_anew_and_one_enrolled_later_is_unknown(backed_town: Town, file: Path) -> None:
    past = write_a_past(backed_town)
    past.nong.sync()
    assert past.nong.sync()["records"] == []
    backup(backed_town.database, backed_town.config, file)
    lost = past.nong.change("visit", past.visit, {"summary": "备份之后写的"})
    past.nong.sync(lost)
    later = backed_town.phone("nong")
    restore(backed_town.database, backed_town.config, file)

    app = backed_town.anew().app
    for phone in (past.nong, later):
        phone.app = app
    reply = past.nong.sync(lost)
    assert reply["next"] == lost["number"] + 1
    assert {record["kind"] for record in reply["records"]} >= {"visit", "conflict"}
    (visit,) = [record for record in reply["records"] if record["id"] == past.visit]
    assert visit["values"]["summary"] == "备份之后写的"
    assert later.sync(status=401)["code"] == "unknown_token"


# --- the file ------------------------------------------------------------------------------------------------------


def test_a_backup_is_for_its_owner_only_and_leaves_nothing_else_behind(backed_town: Town, tmp_path: Path) -> None:
    write_a_past(backed_town)
    folder = tmp_path / "backups"
    folder.mkdir()
    told = backup(backed_town.database, backed_town.config, folder / "a")
    assert [path.name for path in folder.iterdir()] == ["a"]
    assert (folder / "a").stat().st_mode & 0o777 == 0o600
    assert told["bytes"] == (folder / "a").stat().st_size
    assert told["rows"] == sum(len(rows) for rows in backed_town.content().values()) + len(
        backed_town.sql(
            "SELECT 1 FROM enrolment_code UNION ALL SELECT 1 FROM server"
            " UNION ALL SELECT 1 FROM audit UNION ALL SELECT 1 FROM audit_head"
        )
    )


def test_a_backup_never_overwrites_a_file(town: Town, file: Path) -> None:
    file.write_text("mine")
    with pytest.raises(BackupError, match="已存在"):
        backup(town.database, town.config, file)
    assert file.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said_in_words(town: Town, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="文件读写失败"):
        backup(town.database, town.config, tmp_path / "nowhere" / "a")


def test_a_database_that_was_never_set_up_is_said_in_words(tmp_path: Path, file: Path) -> None:
    config = Config.at(tmp_path / "empty")
    with pytest.raises(BackupError, match="ruhu upgrade"):
        backup(open_app(config).extensions["ruhu"].database, config, file)
    assert not file.exists()


def test_a_backup_neither_waits_for_a_writer_nor_holds_what_he_has_not_committed(backed_town: Town, file: Path) -> None:
    with backed_town.database.transaction() as connection:
        store = TownshipStore(backed_town.database, connection, TOWNSHIP)
        store.sql("UPDATE user_account SET roles = 'admin'")
        backup(backed_town.database, backed_town.config, file)
    restore(backed_town.database, backed_town.config, file)
    assert ("admin",) not in backed_town.anew().sql("SELECT roles FROM user_account")


def test_a_spoilt_database_is_not_backed_up_as_if_it_were_whole(town: Town, file: Path) -> None:
    write_a_past(town)
    town.database.engine.dispose()
    path = town.config.instance / "ruhu.db"
    content = bytearray(path.read_bytes())
    content[4096:60000] = bytes(60000 - 4096)
    path.write_bytes(content)
    with pytest.raises(BackupError, match=r"自检|数据库没有完成"):
        backup(town.database, town.config, file)
    assert not file.exists()


@given(st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8")), st.integers(), st.floats(allow_nan=False))))
def test_a_row_comes_back_from_its_line(cells: list[Any]) -> None:
    readers = [dump.text_of if cell is None or isinstance(cell, str) else type(cell) for cell in cells or [None]]
    line = dump.to_line(cells or [None])
    assert "\n" not in line
    assert dump.from_line(f"{line}\n", readers) == (cells or [None])


# --- what is refused -----------------------------------------------------------------------------------------------


def test_any_damaged_byte_is_found_or_harmless(town: Town, file: Path) -> None:
    write_a_past(town)
    backup(town.database, town.config, file)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        manifest = dump.read_manifest(archive)
    refused = 0
    for place in range(0, len(whole), 17):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            with dump.open_archive(file) as archive:
                assert dump.read_manifest(archive) == manifest
        except dump.DamagedError:
            refused += 1
    assert refused > len(whole) // 17 // 2


@pytest.mark.parametrize("keep", [0, 1, 10, 1000, -1])
def test_a_file_cut_short_is_refused_and_nothing_is_touched(town: Town, file: Path, keep: int) -> None:
    write_a_past(town)
    before = town.content()
    backup(town.database, town.config, file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(BackupError, match="损坏"):
        restore(town.database, town.config, file)
    assert town.content() == before
    assert not list(town.config.instance.glob("*before*"))


def test_a_member_that_was_exchanged_is_refused(town: Town, file: Path) -> None:
    backup(town.database, town.config, file)
    content = file.read_bytes()
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("tables/another", "x")
    with pytest.raises(BackupError, match="损坏"):
        restore(town.database, town.config, file)
    file.write_bytes(content)
    restore(town.database, town.config, file)


@pytest.mark.parametrize("newer", [{"revision": "9999"}, {"format": 99}])
def test_a_backup_from_a_newer_ruhu_is_refused(town: Town, file: Path, newer: dict[str, Any]) -> None:
    backup(town.database, town.config, file)
    rewrite(file, lambda manifest, _: manifest.update(newer))
    with pytest.raises(BackupError, match="先升级程序"):
        restore(town.database, town.config, file)


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_restore_is_refused_while_another_process_has_the_database(town: Town, file: Path, holder: str) -> None:
    backup(town.database, town.config, file)
    before = town.content()
    town.database.engine.dispose()
    script = HOLDERS[holder].format(instance=town.config.instance) + "; print('ready', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        with pytest.raises(BackupError, match="先停止它"):
            restore(town.database, town.config, file)
        process.stdin.close()
    assert town.content() == before
    restore(town.database, town.config, file)


@pytest.mark.postgres
def test_a_restore_is_refused_while_another_session_is_open_on_postgresql(
    tmp_path: Path, file: Path, backup_postgres: str
) -> None:
    import psycopg

    town = make_town(tmp_path / "instance", backup_postgres)
    backup(town.database, town.config, file)
    with psycopg.connect(backup_postgres), pytest.raises(BackupError, match="先停止它"):
        restore(town.database, town.config, file)
    restore(town.database, town.config, file)
    town.database.engine.dispose()


def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(backed_town: Town, file: Path) -> None:
    write_a_past(backed_town)
    before, epoch = backed_town.content(), backed_town.sql("SELECT epoch FROM server")
    backup(backed_town.database, backed_town.config, file)

    def double(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        members["tables/user_account"] *= 2
        for entry in manifest["members"]:
            if entry["name"] == "tables/user_account":
                entry["rows"] *= 2

    rewrite(file, double)
    with pytest.raises(BackupError, match="未作任何改动") as refused:
        restore(backed_town.database, backed_town.config, file)
    assert "wei" not in str(refused.value)
    assert (backed_town.content(), backed_town.sql("SELECT epoch FROM server")) == (before, epoch)


def test_a_disk_that_has_no_room_for_the_keys_leaves_everything_as_it_was(
    town: Town, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_a_past(town)
    backup(town.database, town.config, file)
    key = town.config.instance / "seal_key"
    key.write_bytes(b"another" * 4)
    before, epoch = town.content(), town.sql("SELECT epoch FROM server")
    written = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name.startswith(".seal_key"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BackupError, match="未作任何改动"):
        restore(town.database, town.config, file)
    monkeypatch.undo()
    assert (town.content(), town.sql("SELECT epoch FROM server")) == (before, epoch)
    assert key.read_bytes() == b"another" * 4


# --- what was there before -----------------------------------------------------------------------------------------


def test_what_stood_there_is_set_aside_and_can_be_had_back(backed_town: Town, file: Path) -> None:
    backup(backed_town.database, backed_town.config, file)
    past = write_a_past(backed_town)
    before = backed_town.content()
    told = restore(backed_town.database, backed_town.config, file)
    assert backed_town.sql("SELECT count(*) FROM changes") == [(0,)]
    aside = Path(told["set_aside"])
    if backed_town.database.is_sqlite:
        with closing(sqlite3.connect(aside)) as connection:
            assert connection.execute("SELECT id FROM kind_visit").fetchall() == [(past.visit,)]
    else:
        restore(backed_town.database, backed_town.config, aside)
        assert backed_town.content() == before


def test_a_spoilt_database_gives_way_to_its_backup(town: Town, file: Path) -> None:
    write_a_past(town)
    before = town.content()
    backup(town.database, town.config, file)
    town.database.engine.dispose()
    spoilt = uuid.uuid4().bytes * 5000
    (town.config.instance / "ruhu.db").write_bytes(spoilt)
    told = restore(town.database, town.config, file)
    assert Path(told["set_aside"]).read_bytes() == spoilt
    assert town.anew().content() == before
