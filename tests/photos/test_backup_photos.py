"""Photographs in a backup and back: whole, beside what is there, and never instead of it, on SQLite and PostgreSQL."""

import hashlib
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.config import Config
from server.service import now_ms
from server.upkeep import dump
from server.upkeep import photos as in_backup
from server.upkeep.backup import BackupError, backup
from server.upkeep.restore import restore
from server.upkeep.verify import verify
from tests.photos.album import begin, hang, name_of, service_of, take
from tests.server.backup_town import TOWNSHIP, Town, make_town, open_app, write_a_past

pytest_plugins = ["tests.server.backup_fixtures"]
OTHER_TOWNSHIP = "451422102"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.ruhu"


def pack(town: Town, file: Path) -> dict[str, Any]:
    return backup(town.database, town.config, file, service_of(town).photos)


def unpack(town: Town, file: Path) -> dict[str, Any]:
    return restore(town.database, town.config, file, service_of(town).photos)


def another(tmp_path: Path) -> Town:
    """An empty machine."""
    config = Config.at(tmp_path / "another")
    return Town(config, open_app(config))


def pictures(town: Town) -> dict[str, bytes]:
    """Every file that is kept, by its place, but for uploads."""
    folder = town.config.instance / "photos"
    files = (path for path in folder.rglob("*") if path.is_file() and "parts" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def file_of(town: Town, name: str, what: str = ".jpg") -> Path:
    return town.config.instance / "photos" / TOWNSHIP / name[:2] / f"{name}{what}"


def rewrite(file: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """The same backup, changed, every sum of a member made to fit again."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(dump.MANIFEST))
    change(manifest, members)
    with zipfile.ZipFile(file, "w") as archive:
        entries = []
        for name, content in members.items():
            old = [entry for entry in manifest["members"] if entry["name"] == name]
            new = dump.add_member(archive, name, [content])
            entries += [one | new for one in old]
        dump.add_manifest(archive, manifest | {"members": entries})


# --- there and back ------------------------------------------------------------------------------------------------


def test_a_lost_machine_has_its_photos_again(backed_town: Town, file: Path, tmp_path: Path) -> None:
    one, two = hang(backed_town, "one", 1000, size=200_000), hang(backed_town, "two", 2000)
    hang(backed_town, "three", 3000, township=OTHER_TOWNSHIP)
    take(backed_town.phone("wei"), "cleanup_check", "photos", [one], photos_before=[two])
    before = pictures(backed_town)
    told = pack(backed_town, file)
    assert (told["photos"]["held"], told["photos"]["damaged"], told["photos"]["retired"]) == (3, 0, 0)
    assert told["photos"]["bytes"] == sum(len(data) for path, data in before.items() if path.endswith(".jpg"))

    other = another(tmp_path)
    restored = unpack(other, file)
    assert restored["photos"] == {"put": 3, "there": 0}
    assert "照片补回 3 张" in restored["message"]
    assert "3 photos were put back" in restored["message"]
    assert pictures(other) == before
    (check,) = [
        c for c in verify(other.anew().database, photos=service_of(other).photos)["checks"] if c["name"] == "photos"
    ]
    assert (check["ok"], check["notes"]) == (True, {})


@pytest.mark.postgres
def test_what_sqlite_wrote_postgresql_reads_with_its_photos(tmp_path: Path, file: Path, backup_postgres: str) -> None:
    small, large = make_town(tmp_path / "one"), make_town(tmp_path / "two", backup_postgres)
    take(small.phone("wei"), "visit", "photos", [hang(small, "a", 1000)])
    pack(small, file)
    unpack(large, file)
    assert pictures(large) == pictures(small) != {}
    large.database.engine.dispose()


def test_every_photo_is_a_member_stored_as_it_is_and_every_sum_is_pinned_by_the_manifest(
    backed_town: Town, file: Path
) -> None:
    name = hang(backed_town, "a", 1000, size=5000)
    pack(backed_town, file)
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read(dump.MANIFEST))
        index = archive.read(f"photos/{TOWNSHIP}/index.jsonl")
        (entry,) = [entry for entry in manifest["members"] if entry["name"] == f"photos/{TOWNSHIP}/index.jsonl"]
        assert hashlib.sha256(index).hexdigest() == entry["sha256"]
        (line,) = map(json.loads, index.splitlines())
        for tail, word in ((".jpg", ""), (".small.jpg", "small_")):
            info = archive.getinfo(f"photos/{TOWNSHIP}/{name}{tail}")
            assert (info.compress_type, info.file_size) == (zipfile.ZIP_STORED, line[f"{word}bytes"])
            assert hashlib.sha256(archive.read(info)).hexdigest() == line[f"{word}sha256"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_uploads_on_their_way_stay_behind_and_begin_again(backed_town: Town, file: Path, tmp_path: Path) -> None:
    begin(backed_town, now_ms())
    assert pack(backed_town, file)["photos"]["held"] == 0
    other = another(tmp_path)
    unpack(other, file)
    assert service_of(other).uploads.townships() == []


def test_a_retired_photo_comes_back_as_the_fact_that_it_was_there(
    backed_town: Town, file: Path, tmp_path: Path
) -> None:
    name = hang(backed_town, "a", 1000)
    service_of(backed_town).photos.retire(TOWNSHIP, name, 5000)
    assert pack(backed_town, file)["photos"]["retired"] == 1
    other = another(tmp_path)
    unpack(other, file)
    held = service_of(other).photos.held(TOWNSHIP, name)
    assert held == service_of(backed_town).photos.held(TOWNSHIP, name) is not None
    assert service_of(other).photos.read(TOWNSHIP, name) is None
    assert pictures(other) == pictures(backed_town)


def test_every_photo_that_records_of_the_backup_name_is_in_it_while_others_arrive(
    backed_town: Town, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the moment of the database and the reading of the photos, phones go on and one photo is retired."""
    first, over = hang(backed_town, "first", 1000), hang(backed_town, "over", 1000)
    phone = backed_town.phone("wei")
    take(phone, "visit", "photos", [first, over])
    true = in_backup.dump_photos

    def late(*arguments: Any) -> Any:
        take(phone, "visit", "photos", [hang(backed_town, "late", 2000)])
        service_of(backed_town).photos.retire(TOWNSHIP, over, 3000)
        return true(*arguments)

    monkeypatch.setattr("server.upkeep.backup.dump_photos", late)
    pack(backed_town, file)
    with zipfile.ZipFile(file) as archive:
        manifest = dump.read_manifest(archive)
        in_backup.check_photos(archive, manifest)
        visits = archive.read("tables/kind_visit").decode()
        there = {held.name: held.retired_at for _, held in in_backup._pictures(archive, manifest)}
    assert (first in visits, over in visits, name_of("late") in visits) == (True, True, False)
    assert there == {first: None, over: 3000, name_of("late"): None}


# --- with what is there --------------------------------------------------------------------------------------------


def test_photos_that_are_there_stay_as_they_are(backed_town: Town, file: Path) -> None:
    same, lost = hang(backed_town, "same", 1000), hang(backed_town, "lost", 1000)
    pack(backed_town, file)
    photos = service_of(backed_town).photos
    newer = hang(backed_town, "newer", 9000)
    photos.forget(TOWNSHIP, lost)
    file_of(backed_town, same).touch()
    touched = file_of(backed_town, same).stat().st_mtime_ns
    told = unpack(backed_town, file)
    assert told["photos"] == {"put": 1, "there": 1}
    assert set(photos.names(TOWNSHIP)) == {same, lost, newer}
    assert file_of(backed_town, same).stat().st_mtime_ns == touched


def test_a_photo_retired_since_the_backup_stays_retired(backed_town: Town, file: Path) -> None:
    name, photos = hang(backed_town, "a", 1000), service_of(backed_town).photos
    pack(backed_town, file)
    photos.retire(TOWNSHIP, name, 5000)
    unpack(backed_town, file)
    assert photos.read(TOWNSHIP, name) is None


@pytest.mark.parametrize("what", [".jpg", ".small.jpg", ".json"])
def test_a_photo_damaged_here_is_mended_by_the_backup(backed_town: Town, file: Path, what: str) -> None:
    name = hang(backed_town, "a", 1000)
    before = pictures(backed_town)
    pack(backed_town, file)
    file_of(backed_town, name, what).write_bytes(b"{")
    assert unpack(backed_town, file)["photos"] == {"put": 1, "there": 0}
    assert pictures(backed_town) == before


def test_a_photo_damaged_before_the_backup_is_left_out_and_counted(
    backed_town: Town, file: Path, tmp_path: Path
) -> None:
    damaged, whole = hang(backed_town, "damaged", 1000), hang(backed_town, "whole", 1000)
    file_of(backed_town, damaged).write_bytes(b"other bytes")
    told = pack(backed_town, file)["photos"]
    assert (told["held"], told["damaged"]) == (1, 1)
    other = another(tmp_path)
    unpack(other, file)
    assert list(service_of(other).photos.names(TOWNSHIP)) == [whole]


# --- without photos ------------------------------------------------------------------------------------------------


def test_a_backup_without_photos_restores_says_so_and_leaves_those_here_alone(backed_town: Town, file: Path) -> None:
    write_a_past(backed_town)
    hang(backed_town, "a", 1000)
    before = pictures(backed_town)
    assert backup(backed_town.database, backed_town.config, file)["photos"] is None
    told = unpack(backed_town, file)
    assert told["photos"] is None
    assert "备份不含照片" in told["message"]
    assert "holds no photos" in told["message"]
    assert pictures(backed_town) == before


def test_a_backup_of_before_there_were_photos_restores(backed_town: Town, file: Path) -> None:
    write_a_past(backed_town)
    before = backed_town.content()
    backup(backed_town.database, backed_town.config, file)
    rewrite(file, lambda manifest, _: manifest.pop("photos"))
    told = unpack(backed_town, file)
    assert (told["photos"], backed_town.anew().content()) == (None, before)


def test_photos_are_never_dropped_for_want_of_a_place(backed_town: Town, file: Path) -> None:
    hang(backed_town, "a", 1000)
    pack(backed_town, file)
    with pytest.raises(ValueError, match="place"):
        restore(backed_town.database, backed_town.config, file)


# --- what is refused -----------------------------------------------------------------------------------------------


def index_of(members: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
    (place,) = [name for name in members if name.endswith("index.jsonl")]
    return place, json.loads(members[place])


def other_picture(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members[next(name for name in members if name.endswith(".small.jpg"))] += b"x"


def lost_picture(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.endswith(".small.jpg"))]


def more_pictures(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members[f"photos/{TOWNSHIP}/{'0' * 64}.jpg"] = b"x"


def other_name(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    place, facts = index_of(members)
    members[place] = json.dumps(facts | {"name": "../../seal_key"}).encode()


def other_township(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    place, _ = index_of(members)
    (entry,) = [entry for entry in manifest["members"] if entry["name"] == place]
    entry["name"] = "photos/../4514221/index.jsonl"
    members[entry["name"]] = members.pop(place)


def twice(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    place, _ = index_of(members)
    members[place] *= 2


def no_facts(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members[index_of(members)[0]] = b""


def half_facts(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    place, facts = index_of(members)
    members[place] = json.dumps({name: fact for name, fact in facts.items() if name != "sha256"}).encode()


def retired_under_another_name(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    place, facts = index_of(members)
    members[place] = json.dumps(facts | {"name": "../../seal_key", "retired_at": 5}).encode()
    for name in [name for name in members if name.endswith(".jpg")]:
        del members[name]


def retired_twice(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    retired_under_another_name(manifest, members)
    place, facts = index_of(members)
    members[place] = json.dumps(facts | {"name": "0" * 64}).encode() + b"\n"
    members[place] *= 2


CHANGES = [
    retired_under_another_name,
    retired_twice,
    other_picture,
    lost_picture,
    more_pictures,
    other_name,
    other_township,
    twice,
    no_facts,
    half_facts,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_backup_whose_photos_are_not_what_it_says_is_refused_before_anything_is_touched(
    backed_town: Town, file: Path, change: Callable[..., None]
) -> None:
    name = hang(backed_town, "a", 1000)
    pack(backed_town, file)
    rewrite(file, change)
    service_of(backed_town).photos.forget(TOWNSHIP, name)
    before, epoch = pictures(backed_town), backed_town.sql("SELECT epoch FROM server")
    with pytest.raises(BackupError, match="损坏"):
        unpack(backed_town, file)
    assert (pictures(backed_town), backed_town.sql("SELECT epoch FROM server")) == (before, epoch)


def test_a_changed_byte_of_a_photo_is_found(backed_town: Town, file: Path) -> None:
    hang(backed_town, "a", 1000, size=50_000)
    pack(backed_town, file)
    whole = bytearray(file.read_bytes())
    whole[whole.index(b"\xff\xd8\xffa") + 25_000] ^= 1
    file.write_bytes(whole)
    with pytest.raises(BackupError, match="损坏"):
        unpack(backed_town, file)


@pytest.mark.parametrize("fails_at", ["the second photo", "the end"])
def test_a_restore_that_fails_leaves_neither_rows_nor_photos_behind(
    backed_town: Town, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    here = hang(backed_town, "here", 1000)
    names = [hang(backed_town, word, 1000) for word in ("one", "two")]
    pack(backed_town, file)
    photos = service_of(backed_town).photos
    for name in names:
        photos.forget(TOWNSHIP, name)
    before, epoch = pictures(backed_town), backed_town.sql("SELECT epoch FROM server")
    if fails_at == "the end":
        true = in_backup.BringBack.__call__

        def then_fails(self: Any) -> None:
            true(self)
            assert self.put == 2
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(in_backup.BringBack, "__call__", then_fails)
    else:
        put, done = type(photos).put, []

        def full(self: Any, *arguments: Any) -> None:
            if done:
                raise OSError(28, "No space left on device")
            done.append(1)
            put(self, *arguments)

        monkeypatch.setattr(type(photos), "put", full)
    with pytest.raises(BackupError, match="未作任何改动"):
        unpack(backed_town, file)
    assert (pictures(backed_town), backed_town.sql("SELECT epoch FROM server")) == (before, epoch)
    assert list(photos.names(TOWNSHIP)) == [here]


def test_no_photo_is_put_while_another_process_has_the_database(tmp_path: Path, file: Path) -> None:
    import fcntl

    town = make_town(tmp_path / "instance")
    name = hang(town, "a", 1000)
    pack(town, file)
    service_of(town).photos.forget(TOWNSHIP, name)
    with (town.config.instance / "writer.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="先停止它"):
            unpack(town, file)
    assert pictures(town) == {}


# --- size ----------------------------------------------------------------------------------------------------------


def test_memory_holds_one_photo_at_a_time(tmp_path: Path, file: Path) -> None:
    town = make_town(tmp_path / "instance")
    for number in range(40):
        hang(town, str(number), 1000, size=2_000_000)
    tracemalloc.start()
    pack(town, file)
    out = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    other = another(tmp_path)
    unpack(other, file)
    back = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.stat().st_size > 80_000_000
    assert max(out, back) < 20_000_000, (out, back)
    assert pictures(other) == pictures(town)


@pytest.mark.parametrize(
    ("what", "done", "fails_at"),
    [
        *[(what, done, "the end") for what in (".small.jpg", ".jpg", ".json") for done in (b"{", None)],
        (".jpg", None, "the second photo"),
    ],
)
def test_a_restore_that_fails_leaves_every_byte_of_a_damaged_photo_as_it_was(
    backed_town: Town, file: Path, monkeypatch: pytest.MonkeyPatch, what: str, done: bytes | None, fails_at: str
) -> None:
    damaged, lost = hang(backed_town, "damaged", 1000), hang(backed_town, "lost", 1000)
    pack(backed_town, file)
    service_of(backed_town).photos.forget(TOWNSHIP, lost)
    if done is None:
        file_of(backed_town, damaged, what).unlink()
    else:
        file_of(backed_town, damaged, what).write_bytes(done)
    orphan = file_of(backed_town, damaged[:2] + "0" * 62)
    orphan.write_bytes(b"its facts are lost")
    before, epoch = pictures(backed_town), backed_town.sql("SELECT epoch FROM server")
    true = in_backup.BringBack.__call__

    def no_room(self: Any) -> None:
        if fails_at == "the end":
            true(self)
        else:
            put = self.photos.put

            def second(*arguments: Any) -> None:
                if self.put:
                    raise OSError(28, "No space left on device")
                put(*arguments)

            monkeypatch.setattr(self.photos, "put", second)
            true(self)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(in_backup.BringBack, "__call__", no_room)
    with pytest.raises(BackupError, match="未作任何改动"):
        unpack(backed_town, file)
    assert (pictures(backed_town), backed_town.sql("SELECT epoch FROM server")) == (before, epoch)
    monkeypatch.undo()
    assert unpack(backed_town, file)["photos"] == {"put": 2, "there": 0}
    assert len(pictures(backed_town)) == 6, "and nothing is left of what was set aside"


def test_what_a_killed_restore_had_set_aside_comes_back_with_the_next(
    backed_town: Town, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = hang(backed_town, "a", 1000)
    pack(backed_town, file)
    file_of(backed_town, name, ".small.jpg").write_bytes(b"{")
    before = pictures(backed_town)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(in_backup.BringBack, "undo", lambda self: None)
        broken.setattr(service_of(backed_town).photos, "put", full)
        with pytest.raises(BackupError):
            unpack(backed_town, file)
        assert pictures(backed_town) != before
        broken.undo()
        broken.setattr(service_of(backed_town).photos, "put", full)
        with pytest.raises(BackupError):
            unpack(backed_town, file)
    assert pictures(backed_town) == before
