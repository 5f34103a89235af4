"""A sealed profile: nothing of it can be read from its files, and what was exchanged or damaged is refused."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mobile.disk import Disk, StorageFull
from mobile.journal import JOURNAL
from mobile.store import _DOCUMENTS, SWEPT, Store
from mobile.vault import PinNeeded, Seal, Unsealable
from shared.record import Key, Record
from shared.sync.phone import Copy, Mend
from tests.vault.stage import (
    HEAD,
    NAME,
    PHOTO,
    TYPED,
    VILLAGE,
    WORDS,
    Key25519,
    change,
    enrol,
    everything,
    fill,
    forms,
    found_in,
    new_id,
    photos_in,
)


@pytest.fixture
def seal() -> Seal:
    return Seal(os.urandom(32))


@pytest.fixture
def store(tmp_path: Path, seal: Seal) -> Iterator[Store]:
    made = Store(tmp_path / "phone", 0, seal=seal)
    yield made
    made.close()


# --- nothing to be read ---------------------------------------------------------------------------------------------


def test_no_name_number_token_or_draft_can_be_read_in_any_file_of_a_sealed_profile(
    store: Store, tmp_path: Path, key: Key25519
) -> None:
    fill(store, key.public)
    assert (tmp_path / "phone" / "phone.sqlite3-wal").stat().st_size > 0
    assert found_in(tmp_path) == photos_in(tmp_path) == [], "while it is open, its log included"
    store.close()
    assert found_in(tmp_path) == photos_in(tmp_path) == [], "and when it is closed"


def test_the_search_for_words_finds_every_one_of_them_in_a_clear_profile(tmp_path: Path, key: Key25519) -> None:
    clear = Store(tmp_path / "clear", 0)
    fill(clear, key.public)
    clear.close()
    assert {word for file, word in found_in(tmp_path) if file == "phone.sqlite3"} == set(WORDS)
    assert len(photos_in(tmp_path)) == 2


@pytest.mark.parametrize("shape", range(len(list(forms(HEAD)))))
def test_the_search_for_words_knows_every_form_of_them(tmp_path: Path, shape: int) -> None:
    (tmp_path / "file").write_bytes(b"\x00\xff" + list(forms(HEAD))[shape] + b"\x00")
    assert found_in(tmp_path) == [("file", HEAD)]


# --- one row's words at one row only --------------------------------------------------------------------------------


READ: dict[str, Callable[[Store], Any]] = {
    "facts": lambda store: [store.fact("enrolment"), store.fact("epoch")],
    "changes": lambda store: store.unsent(),
    "copies": lambda store: store.copies("household"),
    "mends": lambda store: store.mends(),
    "drafts": lambda store: store.drafts(),
    "briefs": lambda store: store.briefs("household"),
    "photos": lambda store: [store.photo(new_id(1)), store.photo(new_id(2))],
}


def two_of_each(store: Store) -> None:
    enrol(store, "")

    def work() -> None:
        store.set_fact("epoch", "e1")
        for number in (1, 2):
            store.append(change(number, id_=number, remark=f"{number}"))
            record = Record("household", new_id(number), VILLAGE, None, {"head_name": HEAD}, {"head_name": "1-0-x"})
            store.put_copy(Copy(record))
            store.put_mend(Mend(number, "household", new_id(1), VILLAGE, None, "s", {}, "invalid", "", {}))
            store.put_draft(Key("visit", new_id(number)), {"remark": f"{number}"})
            store.put_photo(new_id(number), Key("visit", new_id(1)), "here", {"field": "photos"})

    store.together(work)


def spoil(folder: Path, seal: Seal, table: str, what: Callable[[Store, str, list[tuple]], None]) -> Store:
    """A store of which one table was meddled with behind its back, opened again. `what` gets the table's rowids or keys and column."""
    store = Store(folder, 0, seal=seal)
    two_of_each(store)
    column, names = next((column, names) for name, column, names in _DOCUMENTS if name == table)
    only = " WHERE name IN ('enrolment', 'epoch')" if table == "facts" else ""
    rows = store._rows(f"SELECT {column}, {', '.join(names)} FROM {table}{only}")
    where = " AND ".join(f"{name} = ?" for name in names)
    what(store, f"UPDATE {table} SET {column} = ? WHERE {where}", rows)
    store.close()
    return Store(folder, 0, seal=seal, needs={})


def exchange(store: Store, update: str, rows: list[tuple]) -> None:
    store._run(update, rows[0][0], *rows[1][1:])
    store._run(update, rows[1][0], *rows[0][1:])


def flip(store: Store, update: str, rows: list[tuple]) -> None:
    store._run(update, rows[0][0][:-1] + bytes([rows[0][0][-1] ^ 1]), *rows[0][1:])


def cut(store: Store, update: str, rows: list[tuple]) -> None:
    store._run(update, rows[0][0][:5], *rows[0][1:])


def slip_in(store: Store, update: str, rows: list[tuple]) -> None:
    store._run(update, '{"set": {}, "base": {}}', *rows[0][1:])


@pytest.mark.parametrize("table", READ)
@pytest.mark.parametrize("what", [exchange, flip, cut, slip_in])
def test_what_was_exchanged_damaged_or_slipped_in_is_refused(
    tmp_path: Path,
    seal: Seal,
    table: str,
    what: Callable[[Store, str, list[tuple]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Store, "_settle_in", lambda self: None)
    monkeypatch.setattr(Store, "_renew_briefs", lambda self: None)
    store = spoil(tmp_path, seal, table, what)
    with pytest.raises(Unsealable, match=" / "):
        READ[table](store)
    for other in READ.keys() - {table}:
        READ[other](store)
    store.close()


def test_the_test_of_exchanged_rows_reads_rows_that_were_left_alone(tmp_path: Path, seal: Seal) -> None:
    store = spoil(tmp_path, seal, "changes", lambda *given: None)
    for read in READ.values():
        read(store)
    store.close()


def test_what_was_refused_names_the_row_and_nothing_of_its_words(seal: Seal) -> None:
    held = seal.close(TYPED, "drafts|visit|1")
    with pytest.raises(Unsealable) as told:
        seal.open(held, "drafts|visit|2")
    assert "drafts|visit|2" in str(told.value)
    assert TYPED not in str(told.value)


def test_the_same_words_are_sealed_differently_each_time(seal: Seal) -> None:
    assert len({seal.close(TYPED, "x") for _ in range(50)}) == 50


def test_a_sealed_profile_opens_with_its_own_seal_only(store: Store, seal: Seal, tmp_path: Path) -> None:
    fill(store, "")
    before = everything(store)
    store.close()
    with pytest.raises(PinNeeded):
        Store(tmp_path / "phone", 0)
    with pytest.raises(Unsealable):
        Store(tmp_path / "phone", 0, seal=Seal(os.urandom(32)))
    again = Store(tmp_path / "phone", 0, seal=seal)
    assert everything(again) == before
    again.close()


# --- a clear profile gets a lock ------------------------------------------------------------------------------------


def clear_profile(folder: Path, key: str) -> dict[str, Any]:
    store = Store(folder, 0)
    fill(store, key)
    for number in range(40):  # pages that were used once
        store.put_draft(Key("visit", new_id(100 + number)), {"remark": TYPED * 200})
    for number in range(40):
        store.drop_draft(Key("visit", new_id(100 + number)))
    held = everything(store)
    store.close()
    assert found_in(folder)
    assert photos_in(folder)
    return held


def test_a_clear_profile_that_gets_a_lock_keeps_all_it_holds_and_shows_none_of_it(
    tmp_path: Path, seal: Seal, key: Key25519
) -> None:
    before = clear_profile(tmp_path / "phone", key.public)
    store = Store(tmp_path / "phone", 0)
    store.seal_all(seal)
    assert found_in(tmp_path) == photos_in(tmp_path) == [], "at once"
    assert everything(store) == before
    store.close()
    assert found_in(tmp_path) == photos_in(tmp_path) == []
    again = Store(tmp_path / "phone", 0, seal=seal)
    assert everything(again) == before
    again.close()


def test_a_clear_profile_opened_with_a_seal_is_sealed_as_a_whole(tmp_path: Path, seal: Seal, key: Key25519) -> None:
    """So it ends when a kill came between the making of the lock and the sealing."""
    before = clear_profile(tmp_path / "phone", key.public)
    store = Store(tmp_path / "phone", 0, seal=seal)
    assert everything(store) == before
    store.close()
    assert found_in(tmp_path) == photos_in(tmp_path) == []


@pytest.mark.parametrize("where", ["COMMIT", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"])
def test_a_sealing_that_was_killed_is_finished_at_the_next_opening(
    tmp_path: Path, seal: Seal, key: Key25519, where: str
) -> None:
    before = clear_profile(tmp_path / "phone", key.public)
    store = Store(tmp_path / "phone", 0)
    store._connection = PowerCut(store._connection, where, tmp_path)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        store.seal_all(seal)
    store._connection.connection.close()  # type: ignore[attr-defined]
    assert found_in(tmp_path / "cut"), "words are still there"
    again = Store(tmp_path / "cut", 0, seal=seal)
    assert everything(again) == before
    assert again.fact(SWEPT) is True
    assert found_in(tmp_path / "cut") == photos_in(tmp_path / "cut") == []
    again.close()
    assert found_in(tmp_path / "cut") == photos_in(tmp_path / "cut") == []


@pytest.mark.parametrize("done", [0, 1])
@pytest.mark.parametrize("half", [False, True])
def test_a_sealing_killed_between_two_photos_is_finished_at_the_next_opening(
    tmp_path: Path, seal: Seal, key: Key25519, monkeypatch: pytest.MonkeyPatch, done: int, half: bool
) -> None:
    before = clear_profile(tmp_path / "phone", key.public)
    store, replaced = Store(tmp_path / "phone", 0), [0]
    replace = Path.replace

    def power_fails(path: Path, target: Path) -> Path:
        if path.parent.name == "photos":
            if replaced[0] == done:
                if half:  # while the file beside it was being written: of a clear profile's last photo, say
                    path.write_bytes(PHOTO[:1000])
                raise KeyboardInterrupt
            replaced[0] += 1
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", power_fails)
        with pytest.raises(KeyboardInterrupt):
            store.seal_all(seal)
    store._connection.close()
    plain = [
        path
        for path in (tmp_path / "phone" / "photos").iterdir()
        if path.suffix != ".part" and path.read_bytes() == PHOTO
    ]
    assert len(plain) == 2 - done
    again = Store(tmp_path / "phone", 0, seal=seal)
    assert photos_in(tmp_path / "phone") == []
    assert everything(again) == before
    again.close()


def test_no_photo_opens_in_another_ones_place_or_when_damaged(store: Store, tmp_path: Path, key: Key25519) -> None:
    fill(store, key.public)
    folder = tmp_path / "phone" / "photos"
    sealed = (folder / new_id(6)).read_bytes()
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), (folder / f"{new_id(7)}.sent").read_bytes(), sealed[:20]):
        (folder / new_id(6)).write_bytes(wrong)
        with pytest.raises(Unsealable):
            store.photo_files.read(new_id(6))
    (folder / new_id(6)).write_bytes(sealed)
    assert store.photo_files.read(new_id(6)) == PHOTO


class PowerCut:
    """A connection before whose statement `where` the power fails: the profile's files as they then are stand in `cut`."""

    def __init__(self, connection: Any, where: str, folder: Path) -> None:
        self.connection, self.where, self.folder = connection, where, folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == self.where:
            shutil.copytree(self.folder / "phone", self.folder / "cut")
            raise KeyboardInterrupt
        return self.connection.execute(sql, *values)


def test_a_full_disk_while_sweeping_keeps_nobody_out_and_is_made_good_later(
    tmp_path: Path, seal: Seal, key: Key25519, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = clear_profile(tmp_path, key.public)

    def full(self: Disk) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(Disk, "_vacuum", full)
        store = Store(tmp_path, 0)
        store.seal_all(seal)
        assert store.notice
        store.close()
    with monkeypatch.context() as patched:
        patched.setattr(Disk, "_vacuum", full)
        store = Store(tmp_path, 0, seal=seal)
        assert store.notice
        assert everything(store) == before
        store.close()
    Store(tmp_path, 0, seal=seal).close()
    assert found_in(tmp_path) == []


# --- briefs in memory -----------------------------------------------------------------------------------------------


def home(number: int, name: str = HEAD, **more: Any) -> Record:
    values = {"head_name": name, **more}
    return Record("household", new_id(number), VILLAGE, None, values, dict.fromkeys(values, f"{number}-0-x"))


def names(store: Store) -> list[tuple[str, Any]]:
    return [(entry.id, entry.values["head_name"]) for entry in store.briefs("household")]


def read_anew(store: Store) -> list[Any]:
    """What a store just opened would tell."""
    held, store._briefs = store._briefs, type(store._briefs)()
    found = store.briefs("household")
    store._briefs = held
    return found


def test_briefs_in_memory_follow_every_writing_and_its_undoing(store: Store) -> None:
    store.together(lambda: store.keep([home(5), home(7)]))
    assert names(store) == [(new_id(5), HEAD), (new_id(7), HEAD)]

    def half() -> None:
        store.keep([home(5, "别人"), home(6)])
        store.drop_copy(home(7).key)
        assert names(store) == [(new_id(5), "别人"), (new_id(6), HEAD)], "one's own words are seen at once"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.together(half)
    assert names(store) == [(new_id(5), HEAD), (new_id(7), HEAD)]
    store.together(lambda: store.keep([home(6), home(7, NAME), home(1)]))
    assert names(store) == [(new_id(1), HEAD), (new_id(5), HEAD), (new_id(6), HEAD), (new_id(7), NAME)]
    assert store.briefs("household") == read_anew(store), "also their order is that of a store just opened"
    store.together(lambda: store.keep([home(5, removed=True)]))
    store.together(lambda: store.put_copy(Copy(home(6), left=True)))
    assert names(store) == [(new_id(1), HEAD), (new_id(7), NAME)]


def test_briefs_first_read_inside_a_transaction_that_is_undone_are_read_again(store: Store) -> None:
    store.together(lambda: store.keep([home(5)]))
    store._briefs.forget()

    def half() -> None:
        store.keep([home(6)])
        assert len(names(store)) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.together(half)
    assert names(store) == [(new_id(5), HEAD)]


def test_briefs_are_nobodys_to_change(store: Store) -> None:
    record = home(5, categories=["general"])
    record.stamps["categories"] = {"general": ["5-0-x"]}
    assert store.briefs("household") == []
    store.together(lambda: store.keep([record]))
    record.values["categories"].append("key")
    found = store.briefs("household")
    assert found[0].values["categories"] == ["general"]
    found.clear()
    assert len(store.briefs("household")) == 1


def test_no_thread_sees_briefs_of_a_transaction_under_way(store: Store) -> None:
    store.together(lambda: store.keep([home(5)]))
    begun, seen = threading.Event(), []

    def other() -> None:
        begun.wait()
        seen.append(names(store))

    thread = threading.Thread(target=other)
    thread.start()

    def half() -> None:
        store.keep([home(5, "别人")])
        begun.set()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.together(half)
    thread.join()
    assert seen == [[(new_id(5), HEAD)]]


def test_a_profile_without_a_key_of_the_server_has_no_journal(store: Store, tmp_path: Path) -> None:
    fill(store, "")
    assert not (tmp_path / "phone" / JOURNAL).exists()
