"""The keepers of photos keep their contract: folders, and their twin in memory. Of folders also what a kill leaves, and what damage looks like."""

import os
from pathlib import Path

import pytest

from server.photos import disk
from server.photos.folder_store import FolderStore
from server.photos.store import PhotoStore
from tests.contract.photo_store import NOW, TOWN, PhotoStoreContract, held, picture
from tests.photos.memory_store import MemoryStore


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
