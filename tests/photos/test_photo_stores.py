"""The keepers of photos keep their contract: folders, and their twin in memory. Of folders also what a kill leaves, and what damage looks like."""

import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from server import disk
from server.photos import folder_store
from server.photos.folder_store import FolderStore
from server.photos.store import PhotoStore
from server.photos.whole import is_whole
from tests.contract.photo_store import NOW, TOWN, PhotoStoreContract, held, picture
from tests.photos.memory_store import MemoryStore

DAMAGES = {
    "the picture gone": (".jpg", None), "the picture of another size": (".jpg", b"half"), "the picture empty": (".jpg", b""),
    "other bytes of the same size": (".jpg", picture(1)[::-1]), "the small one gone": (".small.jpg", None),
    "the small one of another size": (".small.jpg", b"s"), "the facts empty": (".json", b""), "the facts unreadable": (".json", b"{\xff"),
    "the facts of another": (".json", msgspec.json.encode(held(7))), "the facts gone": (".json", None),
}  # fmt: skip


def damage(photos: Path, name: str, what: str) -> None:
    """Do one of DAMAGES to a picture in this folder."""
    ending, data = DAMAGES[what]
    path = photos / TOWN / name[:2] / f"{name}{ending}"
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


class TestMemoryStore(PhotoStoreContract):
    def store(self, folder: Path) -> PhotoStore:
        return MemoryStore()

    def again(self, store: PhotoStore, folder: Path) -> PhotoStore:
        return store


class TestFolderStore(PhotoStoreContract):
    def store(self, folder: Path) -> PhotoStore:
        return FolderStore(folder)

    def again(self, store: PhotoStore, folder: Path) -> PhotoStore:
        return FolderStore(folder)

    def test_files_are_readable_by_their_owner_only(self, tmp_path: Path) -> None:
        self.put(FolderStore(tmp_path / "photos"), 1)
        found = list((tmp_path / "photos").rglob("*"))
        assert len([path for path in found if path.is_file()]) == 3
        for path in (tmp_path / "photos", *found):
            assert path.stat().st_mode & 0o077 == 0, path

    @pytest.mark.parametrize("step", range(3))
    def test_a_put_that_is_cut_off_shows_nothing_and_can_be_done_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        """Killed while the picture, the small one or what is known of it is written."""
        store, written = FolderStore(tmp_path / "photos"), []
        fsync = os.fsync

        def cut(handle: int) -> None:
            if os.path.isfile(f"/proc/self/fd/{handle}"):  # noqa: PTH113
                written.append(handle)
                if len(written) == step + 1:
                    raise KeyboardInterrupt
            fsync(handle)

        monkeypatch.setattr(disk.os, "fsync", cut)
        with pytest.raises(KeyboardInterrupt):
            self.put(store, 1)
        monkeypatch.undo()
        assert store.held(TOWN, held(1).name) is None
        assert store.read(TOWN, held(1).name) is None
        assert list(store.names(TOWN)) == []
        assert store.townships() == []
        self.put(store, 1)
        assert store.read(TOWN, held(1).name) == picture(1)
        (shelf,) = (tmp_path / "photos" / TOWN).iterdir()
        assert len(list(shelf.iterdir())) == 3, "and nothing of the first try is left"

    def test_what_a_killed_writer_left_goes_when_the_next_picture_comes_into_its_folder(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path / "photos")
        known = self.put(store, 1)
        shelf = tmp_path / "photos" / TOWN / known.name[:2]
        stray = known.name[:2] + "0" * 62
        for name in (f"{stray}.jpg", f".{stray}.small.jpg"):
            (shelf / name).write_bytes(b"half")
        other = held(2, name=known.name[:2] + "f" * 62)
        store.put(TOWN, other, b"p", b"s")
        assert not [path for path in shelf.iterdir() if stray in path.name]
        assert list(store.names(TOWN)) == sorted([known.name, other.name])
        assert store.read(TOWN, known.name) == picture(1)

    def test_a_file_that_is_missing_though_its_picture_is_held_is_an_error_and_no_photo_on_its_way(
        self, tmp_path: Path
    ) -> None:
        store = FolderStore(tmp_path / "photos")
        known = self.put(store, 1)
        (tmp_path / "photos" / TOWN / known.name[:2] / f"{known.name}.jpg").unlink()
        with pytest.raises(FileNotFoundError):
            store.read(TOWN, known.name)
        assert store.read(TOWN, known.name, small=True) == b"small 1"

    @pytest.mark.parametrize("what", DAMAGES)
    def test_what_is_damaged_here_is_not_whole_and_the_next_put_of_it_replaces_it(
        self, tmp_path: Path, what: str
    ) -> None:
        store = FolderStore(tmp_path / "photos")
        known, beside = self.put(store, 1), held(2, name=held(1).name[:2] + "f" * 62)
        store.put(TOWN, beside, picture(2), b"small 2")
        damage(tmp_path / "photos", known.name, what)
        assert not is_whole(store, TOWN, known.name)
        again = replace(known, device="phone2", arrived_at=NOW + 9)
        store.put(TOWN, again, picture(1), b"small 1")
        assert is_whole(store, TOWN, known.name)
        assert store.held(TOWN, known.name) == again
        assert store.read(TOWN, known.name) == picture(1)
        assert store.read(TOWN, known.name, small=True) == b"small 1"
        assert store.held(TOWN, beside.name) == beside, "and what lies beside it stays"
        assert is_whole(store, TOWN, beside.name)

    @pytest.mark.parametrize("facts", [b"", b"{", b"{}", b"\xff\xfe", b'{"name":"\xff"}'])
    def test_facts_that_cannot_be_read_are_an_error_of_the_store_and_no_picture_that_never_came(
        self, tmp_path: Path, facts: bytes
    ) -> None:
        store = FolderStore(tmp_path / "photos")
        known = self.put(store, 1)
        (tmp_path / "photos" / TOWN / known.name[:2] / f"{known.name}.json").write_bytes(facts)
        with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
            store.held(TOWN, known.name)
        assert not is_whole(store, TOWN, known.name)

    @pytest.mark.parametrize("step", range(3))
    def test_a_replacement_that_is_cut_off_shows_nothing_and_can_be_done_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        store = FolderStore(tmp_path / "photos")
        known, calls = self.put(store, 1), []
        damage(tmp_path / "photos", known.name, "the picture of another size")
        write = folder_store.write_whole

        def cut(path: Path, data: bytes) -> None:
            calls.append(path)
            if len(calls) == step + 1:
                raise KeyboardInterrupt
            write(path, data)

        monkeypatch.setattr(folder_store, "write_whole", cut)
        with pytest.raises(KeyboardInterrupt):
            self.put(store, 1)
        monkeypatch.undo()
        assert store.held(TOWN, known.name) is None
        assert store.read(TOWN, known.name) is None
        self.put(store, 1)
        assert is_whole(store, TOWN, known.name)

    def test_what_others_lay_into_our_folders_is_left_alone_and_in_nobodys_way(self, tmp_path: Path) -> None:
        """Storage boxes make folders of their own in every folder."""
        store = FolderStore(tmp_path / "photos")
        known = self.put(store, 1)
        shelf = tmp_path / "photos" / TOWN / known.name[:2]
        stray = known.name[:2] + "0" * 62
        for folder in (shelf, shelf.parent, shelf.parent.parent):
            (folder / "@eaDir").mkdir()
            (folder / "@eaDir" / f"{stray}.jpg@Syno").write_bytes(b"theirs")
        (shelf / f".{stray}.jpg").mkdir()
        (shelf / "Thumbs.db").write_bytes(b"theirs")
        (shelf / ".DS_Store").write_bytes(b"theirs")
        (shelf / f"{stray}.txt").write_bytes(b"theirs")
        (shelf / f"{stray}.small.jpg").symlink_to(tmp_path / "elsewhere")
        (shelf / f"{stray}.jpg").write_bytes(b"a leftover of ours")
        theirs = {path for path in shelf.rglob("*") if known.name not in path.name and path.name != f"{stray}.jpg"}
        other = held(2, name=known.name[:2] + "f" * 62)
        store.put(TOWN, other, picture(2), b"small 2")
        assert {path for path in shelf.rglob("*") if not path.name.startswith((known.name, other.name))} == theirs
        assert list(store.names(TOWN)) == sorted([known.name, other.name])
        assert store.townships() == [TOWN]
        assert store.read(TOWN, known.name) == picture(1)

    def test_a_retirement_that_was_cut_off_is_a_retirement_and_can_be_done_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = FolderStore(tmp_path / "photos")
        known = self.put(store, 1)

        def cut(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(FolderStore, "_remove", cut)
        with pytest.raises(KeyboardInterrupt):
            store.retire(TOWN, known.name, NOW)
        monkeypatch.undo()
        assert store.read(TOWN, known.name) is None
        store.retire(TOWN, known.name, NOW + 1)
        assert len(list((tmp_path / "photos" / TOWN / known.name[:2]).iterdir())) == 1
