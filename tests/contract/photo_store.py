"""The contract of `server.photos.store.PhotoStore`: one suite that every adapter inherits (`tests/photos/test_photo_stores.py`).

An heir is named Test... and says how its adapter is made, and how it looks after a restart.
"""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from server.photos.store import Held, PhotoStore
from server.photos.whole import is_whole
from shared.photos import name_of

TOWN, OTHER_TOWN = "451422103", "451422101"
NOW = 1_535_940_900_000
NO_NAMES = (
    "",
    "x",
    "a" * 63,
    "a" * 65,
    "A" * 64,
    "g" * 64,
    f"../{'a' * 61}",
    f"{'a' * 64}\n",
    "a" * 64 + "/..",
    "\x00" * 64,
    "²" * 64,
)
NO_TOWNSHIPS = ("", "x", "45142210", "4514221033", "../451422", "45142210/", "451422103\n", "²" * 9)


def picture(number: int) -> bytes:
    return b"picture %d " % number * 50


def held(number: int, **other: object) -> Held:
    """What is known of the picture of this number; the name is of what was sent, the rest of what is kept."""
    data, small = picture(number), b"small %d" % number
    known = Held(
        name_of(b"sent %d" % number), "phone1", NOW + number, len(data), name_of(data), 40, 30, len(small), name_of(small)
    )  # fmt: skip
    return replace(known, **other)  # type: ignore[arg-type]


class PhotoStoreContract:
    """`store` makes the adapter, empty; `again` makes another over the same place, as after a restart."""

    def store(self, folder: Path) -> PhotoStore:
        raise NotImplementedError

    def again(self, store: PhotoStore, folder: Path) -> PhotoStore:
        raise NotImplementedError

    def put(self, store: PhotoStore, number: int, township: str = TOWN) -> Held:
        known = held(number)
        store.put(township, known, picture(number), b"small %d" % number)
        return known

    # --- putting and reading

    def test_nothing_is_known_of_a_picture_that_never_came(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        name = held(1).name
        assert store.held(TOWN, name) is None
        assert store.read(TOWN, name) is None
        assert store.read(TOWN, name, small=True) is None
        assert list(store.names(TOWN)) == []
        assert store.townships() == []
        store.retire(TOWN, name, NOW)
        store.forget(TOWN, name)
        assert store.held(TOWN, name) is None
        assert store.townships() == []

    def test_what_was_put_is_held_and_read_as_it_was_also_after_a_restart(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        for each in (store, self.again(store, tmp_path / "photos")):
            assert each.held(TOWN, known.name) == known
            assert each.read(TOWN, known.name) == picture(1)
            assert each.read(TOWN, known.name, small=True) == b"small 1"
            assert list(each.names(TOWN)) == [known.name]
            assert each.townships() == [TOWN]

    def test_any_bytes_are_kept_as_they_are(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        every = bytes(range(256)) * 1000
        store.put(TOWN, held(1), every, b"")
        assert store.read(TOWN, held(1).name) == every
        assert store.read(TOWN, held(1).name, small=True) == b""

    def test_the_same_put_again_changes_nothing(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        store.put(TOWN, replace(known, device="phone2", arrived_at=NOW + 99), b"other", b"o")
        assert store.held(TOWN, known.name) == known
        assert store.read(TOWN, known.name) == picture(1)
        assert store.read(TOWN, known.name, small=True) == b"small 1"

    def test_a_hundred_puts_at_once_leave_whole_pictures(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        begin = threading.Barrier(10)

        def work(writer: int) -> None:
            begin.wait()
            for number in range(10):
                facts = {key: getattr(held(writer), key) for key in ("bytes", "sha256", "small_bytes", "small_sha256")}
                store.put(TOWN, held(number, device=f"phone{writer}", **facts), picture(writer), b"small %d" % writer)

        threads = [threading.Thread(target=work, args=(writer,)) for writer in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(10):
            known = store.held(TOWN, held(number).name)
            assert known is not None
            writer = int(known.device.removeprefix("phone"))
            assert store.read(TOWN, known.name) == picture(writer)
            assert store.read(TOWN, known.name, small=True) == b"small %d" % writer
            assert is_whole(store, TOWN, known.name)
        assert len(list(store.names(TOWN))) == 10

    def test_a_picture_is_whole_when_it_is_here_as_it_was_put_or_its_time_was_over(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        assert not is_whole(store, TOWN, held(1).name)
        known = self.put(store, 1)
        assert is_whole(store, TOWN, known.name)
        assert not is_whole(store, OTHER_TOWN, known.name)
        store.retire(TOWN, known.name, NOW)
        assert is_whole(store, TOWN, known.name)
        store.forget(TOWN, known.name)
        assert not is_whole(store, TOWN, known.name)

    # --- retiring and forgetting

    def test_a_retired_picture_is_known_without_its_bytes(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        store.retire(TOWN, known.name, NOW + 5)
        for each in (store, self.again(store, tmp_path / "photos")):
            assert each.held(TOWN, known.name) == replace(known, retired_at=NOW + 5)
            assert each.read(TOWN, known.name) is None
            assert each.read(TOWN, known.name, small=True) is None
            assert list(each.names(TOWN)) == [known.name]
            assert each.townships() == [TOWN]

    def test_a_retired_picture_stays_retired_whoever_puts_or_retires_it_again(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        store.retire(TOWN, known.name, NOW + 5)
        store.retire(TOWN, known.name, NOW + 9)
        self.put(store, 1)
        assert store.held(TOWN, known.name) == replace(known, retired_at=NOW + 5)
        assert store.read(TOWN, known.name) is None

    def test_a_forgotten_picture_leaves_nothing_and_may_come_again(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known, other = self.put(store, 1), self.put(store, 2)
        store.forget(TOWN, known.name)
        store.forget(TOWN, known.name)
        assert store.held(TOWN, known.name) is None
        assert store.read(TOWN, known.name) is None
        assert list(store.names(TOWN)) == [other.name]
        store.retire(TOWN, other.name, NOW)
        store.forget(TOWN, other.name)
        assert store.townships() == []
        self.put(store, 1)
        assert store.read(TOWN, known.name) == picture(1)

    # --- lists

    def test_names_come_in_order_and_each_once(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        every = [self.put(store, number).name for number in range(50)]
        store.retire(TOWN, every[7], NOW)
        assert list(store.names(TOWN)) == sorted(every)

    def test_townships_never_meet(self, tmp_path: Path) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        assert store.held(OTHER_TOWN, known.name) is None
        assert store.read(OTHER_TOWN, known.name) is None
        assert list(store.names(OTHER_TOWN)) == []
        self.put(store, 1, OTHER_TOWN)
        assert store.townships() == sorted([TOWN, OTHER_TOWN])
        store.retire(TOWN, known.name, NOW)
        assert store.read(OTHER_TOWN, known.name) == picture(1)
        store.forget(OTHER_TOWN, known.name)
        assert store.held(TOWN, known.name) is not None
        assert store.townships() == [TOWN]

    # --- what is no name

    @pytest.mark.parametrize("name", NO_NAMES)
    def test_a_name_that_is_none_touches_nothing(self, tmp_path: Path, name: str) -> None:
        store = self.store(tmp_path / "photos")
        self.put(store, 1)
        before = sorted(tmp_path.rglob("*"))
        for ask in (
            lambda: store.held(TOWN, name), lambda: store.read(TOWN, name), lambda: store.read(TOWN, name, True),
            lambda: store.retire(TOWN, name, NOW), lambda: store.forget(TOWN, name),
            lambda: store.put(TOWN, held(2, name=name), b"x", b"y"),
        ):  # fmt: skip
            with pytest.raises(ValueError):
                ask()
        assert sorted(tmp_path.rglob("*")) == before
        assert list(store.names(TOWN)) == [held(1).name]

    @pytest.mark.parametrize("township", NO_TOWNSHIPS)
    def test_a_township_that_is_none_touches_nothing(self, tmp_path: Path, township: str) -> None:
        store = self.store(tmp_path / "photos")
        known = self.put(store, 1)
        before = sorted(tmp_path.rglob("*"))
        for ask in (
            lambda: store.held(township, known.name), lambda: store.read(township, known.name), lambda: list(store.names(township)),
            lambda: store.retire(township, known.name, NOW), lambda: store.forget(township, known.name),
            lambda: store.put(township, held(2), b"x", b"y"),
        ):  # fmt: skip
            with pytest.raises(ValueError):
                ask()
        assert sorted(tmp_path.rglob("*")) == before
        assert store.townships() == [TOWN]
